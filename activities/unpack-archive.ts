/** A zip in the store → one object an image, every CRC checked, then the manifest that makes them count. */
import type { DataActivities } from '../contracts/activities.ts';
import { unpackArchive } from '../datasets/unpack-archive.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { runActivity } from './run-activity.ts';

export const unpackArchiveActivity =
  (store: ObjectStore): DataActivities['unpackArchive'] =>
  (input) =>
    runActivity((hooks) => unpackArchive({ store, ...input, ...hooks }));

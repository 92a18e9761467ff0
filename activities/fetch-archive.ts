/** A zip from a file, an http(s) or an s3 address into the store, checked on the way. */
import type { DataActivities } from '../contracts/activities.ts';
import { fetchArchive } from '../datasets/fetch-archive.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { runActivity } from './run-activity.ts';

export const fetchArchiveActivity =
  (store: ObjectStore): DataActivities['fetchArchive'] =>
  (input) =>
    runActivity((hooks) => fetchArchive({ store, ...input, ...hooks }));

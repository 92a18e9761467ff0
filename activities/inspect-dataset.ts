/** Pairs images with masks, checks each pair, quarantines what cannot be trained on. */
import type { DataActivities } from '../contracts/activities.ts';
import { inspectDataset } from '../datasets/inspect-dataset.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { runActivity } from './run-activity.ts';

export const inspectDatasetActivity =
  (store: ObjectStore): DataActivities['inspectDataset'] =>
  (input) =>
    runActivity((hooks) => inspectDataset({ store, ...input, ...hooks }));

/** The seeded division into training and validation images. */
import type { DataActivities } from '../contracts/activities.ts';
import { splitDataset } from '../datasets/split-dataset.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { runActivity } from './run-activity.ts';

export const splitDatasetActivity =
  (store: ObjectStore): DataActivities['splitDataset'] =>
  (input) =>
    runActivity((hooks) => splitDataset({ store, ...input, ...hooks }));

/** Images and masks once at training size, packed in shards. */
import type { DataActivities } from '../contracts/activities.ts';
import { prepareRecords } from '../datasets/prepare-records.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { runActivity } from './run-activity.ts';

export const prepareRecordsActivity =
  (store: ObjectStore): DataActivities['prepareRecords'] =>
  (input) =>
    runActivity((hooks) => prepareRecords({ store, ...input, ...hooks }));

/** The data workers' activities over one object store. */
import type { DataActivities } from '../contracts/activities.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { fetchArchiveActivity } from './fetch-archive.ts';
import { findOutcomeActivity } from './find-outcome.ts';
import { inspectDatasetActivity } from './inspect-dataset.ts';
import { prepareRecordsActivity } from './prepare-records.ts';
import { pruneCheckpointsActivity } from './prune-checkpoints.ts';
import { splitDatasetActivity } from './split-dataset.ts';
import { unpackArchiveActivity } from './unpack-archive.ts';

export function createDataActivities({ store }: { readonly store: ObjectStore }): DataActivities {
  return {
    fetchArchive: fetchArchiveActivity(store),
    unpackArchive: unpackArchiveActivity(store),
    inspectDataset: inspectDatasetActivity(store),
    splitDataset: splitDatasetActivity(store),
    prepareRecords: prepareRecordsActivity(store),
    findOutcome: findOutcomeActivity(store),
    pruneCheckpoints: pruneCheckpointsActivity(store),
  };
}

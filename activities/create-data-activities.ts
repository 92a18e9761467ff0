/** The data workers' activities over one object store. */
import type { DataActivities } from '../contracts/activities.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { fetchArchiveActivity } from './fetch-archive.ts';
import { findOutcomeActivity } from './find-outcome.ts';
import { inspectDatasetActivity } from './inspect-dataset.ts';
import {
  listSearchAttributesActivity,
  type SearchAttributeNames,
} from './list-search-attributes.ts';
import { moveAliasActivity, weighVersionActivity } from './move-alias.ts';
import { prepareRecordsActivity } from './prepare-records.ts';
import { pruneCheckpointsActivity } from './prune-checkpoints.ts';
import { recordOutcomeActivity } from './record-outcome.ts';
import { splitDatasetActivity } from './split-dataset.ts';
import { unpackArchiveActivity } from './unpack-archive.ts';
import { writeReportActivity } from './write-report.ts';

export interface DataResources {
  readonly store: ObjectStore;
  /** Those of ours that the Temporal server has. */
  readonly searchAttributes: SearchAttributeNames;
}

export function createDataActivities({ store, searchAttributes }: DataResources): DataActivities {
  return {
    listSearchAttributes: listSearchAttributesActivity(searchAttributes),
    fetchArchive: fetchArchiveActivity(store),
    unpackArchive: unpackArchiveActivity(store),
    inspectDataset: inspectDatasetActivity(store),
    splitDataset: splitDatasetActivity(store),
    prepareRecords: prepareRecordsActivity(store),
    findOutcome: findOutcomeActivity(store),
    pruneCheckpoints: pruneCheckpointsActivity(store),
    weighVersion: weighVersionActivity(store),
    moveAlias: moveAliasActivity(store),
    recordOutcome: recordOutcomeActivity(store),
    writeReport: writeReportActivity(store),
  };
}

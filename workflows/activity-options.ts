/**
 * How long each step may take and how it is tried again.
 *
 * - Start-to-close is a last resort against a step that makes progress for ever, so it is generous.
 * - The heartbeat timeout is what notices a dead or hung worker: activities beat only when work was done.
 * - Whether a failure may be retried is said by the error itself (`LesionFlowError.retryable`, carried as
 *   `nonRetryable`); policies only set the pace, and a limit so that a crash that always comes back ends.
 */
import {
  ActivityCancellationType,
  proxyActivities,
  type ActivityOptions,
  type RetryPolicy,
} from '@temporalio/workflow';
import type { DataActivities, TrainingActivities } from '../contracts/activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';

/** Outages of a network or a store: quick first, then every few minutes, about an hour in all. */
const OUTAGE: RetryPolicy = {
  initialInterval: '2s',
  backoffCoefficient: 2,
  maximumInterval: '5m',
  maximumAttempts: 20,
};

/** Work that is done anew from its start and may bring its machine down (memory): fewer tries. */
const EXPENSIVE: RetryPolicy = {
  initialInterval: '2s',
  backoffCoefficient: 2,
  maximumInterval: '1m',
  maximumAttempts: 10,
};

export interface Timeouts {
  /** Seconds without progress after which a worker counts as dead. */
  readonly heartbeatSeconds: number;
}

/** The data workers' activities, as a workflow calls them. */
export function dataActivities(timeouts: Timeouts) {
  const watched = { taskQueue: taskQueues.data, ...watch(timeouts), retry: OUTAGE };
  // Tens of gigabytes over slow lines.
  const { fetchArchive } = proxyActivities<DataActivities>({
    ...watched,
    startToCloseTimeout: '24h',
  });
  // Minutes to hours by the size of the data set.
  const { unpackArchive, inspectDataset, prepareRecords } = proxyActivities<DataActivities>({
    ...watched,
    startToCloseTimeout: '12h',
  });
  // One document in, one out: too short to beat.
  const short = proxyActivities<DataActivities>({
    taskQueue: taskQueues.data,
    startToCloseTimeout: '2m',
    retry: OUTAGE,
  });
  const { splitDataset, findOutcome, weighVersion, moveAlias, recordOutcome } = short;
  return {
    ...{ fetchArchive, unpackArchive, inspectDataset, splitDataset, prepareRecords },
    ...{ findOutcome, weighVersion, moveAlias, recordOutcome },
  };
}

/** What may fail without harm: a few tries, and no waiting for better times. */
export function housekeepingActivities() {
  const retry: RetryPolicy = { initialInterval: '2s', maximumAttempts: 3 };
  const { pruneCheckpoints } = proxyActivities<DataActivities>({
    taskQueue: taskQueues.data,
    startToCloseTimeout: '1m',
    // Beside an epoch that costs nothing, but a stage's end waits for it.
    scheduleToCloseTimeout: '3m',
    retry,
  });
  const { writeReport } = proxyActivities<DataActivities>({
    taskQueue: taskQueues.data,
    // Seconds; the run's end waits for it.
    startToCloseTimeout: '2m',
    scheduleToCloseTimeout: '5m',
    retry,
  });
  const { listSearchAttributes } = proxyActivities<DataActivities>({
    taskQueue: taskQueues.data,
    startToCloseTimeout: '1m',
    retry,
  });
  return { listSearchAttributes, pruneCheckpoints, writeReport };
}

/** The GPU workers' activities, as a workflow calls them. */
export function trainingActivities(timeouts: Timeouts) {
  const watched = { taskQueue: taskQueues.gpu, ...watch(timeouts) };
  // An epoch may take many hours; a killed worker costs what came after the last checkpoint within it.
  const { trainEpoch } = proxyActivities<TrainingActivities>({
    ...watched,
    startToCloseTimeout: '7d',
    retry: EXPENSIVE,
  });
  const { evaluateModel } = proxyActivities<TrainingActivities>({
    ...watched,
    startToCloseTimeout: '24h',
    retry: EXPENSIVE,
  });
  const { publishModel } = proxyActivities<TrainingActivities>({
    ...watched,
    startToCloseTimeout: '2h',
    retry: OUTAGE,
  });
  return { trainEpoch, evaluateModel, publishModel };
}

/** A cancelled run ends when its work has stopped, not when it was asked to. */
const watch = ({
  heartbeatSeconds,
}: Timeouts): Pick<ActivityOptions, 'heartbeatTimeout' | 'cancellationType'> => ({
  heartbeatTimeout: heartbeatSeconds * 1000,
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

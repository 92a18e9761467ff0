/** What may be asked of a running pipeline, and what its stages tell it. */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { EpochResult, RunStatus, StageStop } from '../contracts/progress.ts';
import { STATUS_QUERY } from '../contracts/task-queues.ts';

export const statusQuery = defineQuery<RunStatus>(STATUS_QUERY);

/** From a stage to its pipeline, after each epoch. */
export const epochFinishedSignal = defineSignal<[EpochResult]>('epochFinished');

/** From a stage to its pipeline, when it ends before its last epoch. */
export const stageStoppedSignal = defineSignal<[StageStop]>('stageStopped');

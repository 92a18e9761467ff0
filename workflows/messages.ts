/** What may be asked of a running pipeline, and what it and its stages tell each other. */
import { defineQuery, defineSignal } from '@temporalio/workflow';
import type { EpochResult, RunStatus } from '../contracts/progress.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { STATUS_QUERY } from '../contracts/task-queues.ts';

export const statusQuery = defineQuery<RunStatus>(STATUS_QUERY);

/**
 * What a stage is to do, whole: the newest orders (by `serial`) replace all before, so that it does not matter
 * whether a signal is lost on a stage that ends, or overtaken by a later one.
 */
export interface StageOrders {
  readonly serial: number;
  readonly isPaused: boolean;
  /** Whether to end before the last epoch: after the epoch under way, or at once. */
  readonly stop: 'no' | 'after-epoch' | 'now';
  /** The stage's epochs, with those that were added. */
  readonly epochs: number;
}

/** From a pipeline to its running stage. */
export const ordersSignal = defineSignal<[StageOrders]>('orders');

/** From a stage to its pipeline, after each epoch. */
export const epochFinishedSignal = defineSignal<[EpochResult, CheckpointRef]>('epochFinished');

/** A stage that stands still under the orders of that `serial`, and what it would go on from. */
export interface StageRest {
  readonly serial: number;
  readonly checkpoint: CheckpointRef | null;
}

/** From a stage to its pipeline, when it has paused or stopped within an epoch. */
export const stageRestsSignal = defineSignal<[StageRest]>('stageRests');

/** From a stage to its pipeline: what went wrong and is being mended. */
export const stageWarnedSignal = defineSignal<[string]>('stageWarned');

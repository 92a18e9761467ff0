/**
 * Deletes a stage's old checkpoints beside its training. What it fails at costs space and nothing else, so it
 * is logged and not tried for long; the next epoch's end deletes what is left.
 */
import { isCancellation, log } from '@temporalio/workflow';
import type { DataActivities } from '../contracts/activities.ts';
import { housekeepingActivities } from './activity-options.ts';

type Pruning = Parameters<DataActivities['pruneCheckpoints']>[0];

export class CheckpointPruner {
  #underWay: Promise<void> = Promise.resolve();

  /** Begins to delete, after what is being deleted already. */
  prune(what: Pruning): void {
    this.#underWay = this.#underWay.then(() => prune(what));
  }

  /** Waits until nothing is being deleted: before epochs that have been are done again. */
  async settled(): Promise<void> {
    await this.#underWay;
  }
}

async function prune(what: Pruning): Promise<void> {
  const { pruneCheckpoints } = housekeepingActivities();
  const summary = `through epoch ${what.throughEpoch}`;
  try {
    await pruneCheckpoints.executeWithOptions({ summary }, [what]);
  } catch (error) {
    if (!isCancellation(error)) log.warn('Old checkpoints could not be deleted', { error });
  }
}

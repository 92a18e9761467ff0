/**
 * One stage of the recipe ("heads", then "all"): an epoch after another, each starting from the checkpoint
 * that the one before returned. Only references travel, so forty epochs are about 1,000 events.
 *
 * More epochs (`extend`) are the same as if the recipe had asked for as many: they are trained with the same
 * randomness, and the epochs of later stages begin after them. Two things depend on when they were asked for.
 * - A cosine is stretched to the new length from the next epoch that begins, and reaches 0 at the new end: the
 *   rate rises a little there, the more the nearer the stage was to its end. (Epochs that are done, and the one
 *   under way, keep the length that they began with.)
 * - Early stopping keeps counting: it may end the stage before the added epochs are used up, and a stage that it
 *   has ended is over and cannot be extended.
 */
import type { EpochStart, FinishedEpoch, TrainEpochInput } from '../contracts/activities.ts';
import type { EarlyStopping } from '../contracts/pipeline-input.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import type { Timeouts } from './activity-options.ts';
import { bestSoFar, chosenEpoch, isStageOver } from './early-stopping.ts';
import { finishEpoch, type EpochEnd } from './finish-epoch.ts';
import { checkpointsToKeep, epochsBefore, keptEpochs, startAfter } from './kept-epochs.ts';
import type { StageOrders } from './messages.ts';
import { CheckpointPruner } from './prune-checkpoints.ts';
import { StageControl } from './stage-control.ts';
import { stageReports } from './stage-reports.ts';

export interface TrainStageInput extends Pick<
  TrainEpochInput,
  | 'runId'
  | 'config'
  | 'seed'
  | 'augmentation'
  | 'stage'
  | 'stageFirstEpoch'
  | 'split'
  | 'records'
  | 'checkpoints'
> {
  /** Where the stage's first epoch starts. */
  readonly start: EpochStart;
  /** Epochs that are done already, when the stage is run again to go on from them. */
  readonly done: readonly FinishedEpoch[];
  /** Ends after this epoch, whatever comes to pass: it is done again because its checkpoint is damaged. */
  readonly throughEpoch?: number;
  readonly orders: StageOrders;
  readonly timeouts: Timeouts;
  readonly earlyStopping: EarlyStopping | null;
}

export interface StageOutcome {
  /** The epoch to go on from; `null` when the stage was stopped before one was done. */
  readonly chosen: FinishedEpoch | null;
  /** The epochs whose checkpoints are there, the chosen one among them. */
  readonly kept: readonly FinishedEpoch[];
  /** How many epochs it was to have, as far as it had heard when it ended; and why it has fewer, if so. */
  readonly planned: number;
  readonly ended: 'complete' | 'no-better' | 'asked';
}

/** A checkpoint of one epoch that is damaged again and again: it is the store, and no accident. */
export const REDONE_AT_MOST = 3;

export async function trainStage(input: TrainStageInput): Promise<StageOutcome> {
  const { start, timeouts, checkpoints, earlyStopping: rule } = input;
  const control = new StageControl(input.orders);
  const pruner = new CheckpointPruner();
  const redone = new RedoneEpochs(input.stageFirstEpoch);
  let kept = input.done;
  let ended: StageOutcome['ended'] | undefined;
  let planned: number;
  for (;;) {
    await control.holdAt(startAfter(kept, start));
    // As decided by: orders that come between here and the end are the pipeline's to see.
    planned = control.orders.epochs;
    ended = reasonToEnd(kept, input, control.orders);
    if (ended !== undefined) break;
    const epoch = await finishEpoch(nextEpoch(kept, input, control.orders), { control, timeouts });
    if (epoch.kind === 'finished') {
      kept = keptEpochs([...kept, epoch], { ...checkpoints, rule });
      await stageReports.finished(epoch);
      pruner.prune(oldCheckpoints(kept, input));
    } else if (epoch.kind === 'damaged') {
      redone.count(epoch);
      await pruner.settled();
      kept = epochsBefore(kept, epoch.checkpoint);
      await stageReports.warned(damageWords(epoch.checkpoint, kept));
    }
  }
  await pruner.settled();
  const chosen = input.throughEpoch === undefined ? chosenEpoch(kept, rule) : kept.at(-1);
  return { chosen: chosen ?? null, kept, planned, ended };
}

/** `undefined` while there are epochs to do. */
function reasonToEnd(
  kept: readonly FinishedEpoch[],
  { stageFirstEpoch, throughEpoch, start, earlyStopping }: TrainStageInput,
  { stop, epochs }: StageOrders,
): StageOutcome['ended'] | undefined {
  const last = throughEpoch ?? stageFirstEpoch + epochs - 1;
  if (lastOf(kept, stageFirstEpoch) >= last) return 'complete';
  if (throughEpoch !== undefined) return undefined;
  if (isStageOver(kept, earlyStopping)) return 'no-better';
  // A stop before anything is trained would leave nothing to go on with: it waits for one epoch.
  const isTrained = kept.length > 0 || start.kind === 'checkpoint';
  return stop === 'now' || (stop === 'after-epoch' && isTrained) ? 'asked' : undefined;
}

function nextEpoch(
  kept: readonly FinishedEpoch[],
  input: TrainStageInput,
  { epochs }: StageOrders,
): TrainEpochInput {
  const { runId, config, seed, augmentation, stage, stageFirstEpoch } = input;
  const { split, records, checkpoints, earlyStopping } = input;
  return {
    ...{ runId, config, seed, augmentation, stageFirstEpoch, split, records, checkpoints },
    stage: { ...stage, epochs },
    epoch: lastOf(kept, stageFirstEpoch) + 1,
    start: startAfter(kept, input.start),
    best: bestSoFar(kept, earlyStopping),
  };
}

const oldCheckpoints = (
  kept: readonly FinishedEpoch[],
  { runId, start, stageFirstEpoch }: TrainStageInput,
) => ({
  runId,
  throughEpoch: lastOf(kept, stageFirstEpoch),
  keep: checkpointsToKeep(kept, start),
});

const lastOf = (kept: readonly FinishedEpoch[], stageFirstEpoch: number): number =>
  kept.at(-1)?.result.epoch ?? stageFirstEpoch - 1;

/** How often each epoch's checkpoint proved damaged. Throws the failure when that is no accident any more. */
class RedoneEpochs {
  readonly #firstEpoch: number;
  readonly #times = new Map<number, number>();

  constructor(firstEpoch: number) {
    this.#firstEpoch = firstEpoch;
  }

  count({ checkpoint: { epoch }, error }: Extract<EpochEnd, { kind: 'damaged' }>): void {
    const times = (this.#times.get(epoch) ?? 0) + 1;
    this.#times.set(epoch, times);
    // What the stage started from is made anew by the stage before: that is the pipeline's to do.
    if (epoch < this.#firstEpoch || times > REDONE_AT_MOST) throw error;
  }
}

function damageWords(
  { epoch, manifestKey }: CheckpointRef,
  kept: readonly FinishedEpoch[],
): string {
  const from = kept.at(-1)?.result.epoch;
  const where = from === undefined ? 'the start of the stage' : `the end of epoch ${from}`;
  return `A checkpoint of epoch ${epoch} is damaged (${manifestKey}): training goes on from ${where}, and what came after is done again.`;
}

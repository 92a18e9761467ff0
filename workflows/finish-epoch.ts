/**
 * One epoch, however many activities it takes. An activity that is interrupted (the run is paused or
 * cancelled, its worker leaves) returns a checkpoint within the epoch, from which the next one starts, and
 * that costs no attempt; one whose attempts ran out is gone on from as well when they got further.
 */
import type { FinishedEpoch, TrainEpochInput, TrainEpochOutput } from '../contracts/activities.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { trainingActivities, type Timeouts } from './activity-options.ts';
import { damagedCheckpoint, interruptionOf } from './epoch-failure.ts';
import type { StageControl } from './stage-control.ts';

export type EpochEnd =
  | FinishedEpoch
  /** Somebody wants the stage to stop at once. */
  | { readonly kind: 'given-up' }
  /** What it was to go on from cannot be read. */
  | { readonly kind: 'damaged'; readonly checkpoint: CheckpointRef; readonly error: unknown };

export interface EpochOptions {
  readonly control: StageControl;
  readonly timeouts: Timeouts;
}

/** Throws the cancellation of the run, and failures after which an epoch cannot go on. */
export async function finishEpoch(
  input: TrainEpochInput,
  { control, timeouts }: EpochOptions,
): Promise<EpochEnd> {
  let { start } = input;
  for (;;) {
    const attempt = { ...input, start };
    const output = await control.unlessHeld(() => trainEpoch(attempt, timeouts));
    if (output.kind !== 'interrupted') return output;
    if (output.checkpoint !== null) start = { kind: 'checkpoint', checkpoint: output.checkpoint };
    await control.holdAt(start);
    if (control.orders.stop === 'now') return { kind: 'given-up' };
  }
}

async function trainEpoch(
  input: TrainEpochInput,
  timeouts: Timeouts,
): Promise<TrainEpochOutput | EpochEnd> {
  const activities = trainingActivities(timeouts);
  try {
    return await activities.trainEpoch.executeWithOptions({ summary: summaryOf(input) }, [input]);
  } catch (error) {
    const checkpoint = damagedCheckpoint(error);
    if (checkpoint !== undefined) return { kind: 'damaged', checkpoint, error };
    const interruption = interruptionOf(error, input);
    if (interruption === undefined) throw error;
    return interruption;
  }
}

function summaryOf({ stage, epoch, stageFirstEpoch, start }: TrainEpochInput): string {
  const words = `${stage.name}: epoch ${epoch - stageFirstEpoch + 1} of ${stage.epochs}`;
  return start.kind === 'checkpoint' && start.checkpoint.epoch === epoch
    ? `${words}, from step ${start.checkpoint.stepInEpoch}`
    : words;
}

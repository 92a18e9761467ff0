/**
 * What a fault costs is what was stated: nothing where a worker was asked to go, else what fits between two
 * checkpoints and the reports of them. Counted in steps that were done again, which each epoch's result says.
 */
import type { EpochResult } from '../../contracts/progress.ts';
import type { Loss } from '../faults/fault.ts';
import { violations, type Violation } from './violation.ts';

/** A checkpoint counts from the heartbeat that names it: at most a second late in the activity, and two in the SDK. */
const REPORT_SECONDS = 4;

export interface Pace {
  readonly stepsPerEpoch: number;
  /** From one checkpoint to the next; writing and uploading come on top. */
  readonly checkpointSeconds: number;
  readonly saveSeconds: number;
  /** The fastest that was seen, when nothing else is going on. */
  readonly stepsPerSecond: number;
}

/** Steps that such a fault may cost. */
export function allowedSteps(loss: Loss, pace: Pace): number {
  if (loss === 'nothing') return 0;
  const { stepsPerEpoch, checkpointSeconds, saveSeconds, stepsPerSecond } = pace;
  const seconds = checkpointSeconds + saveSeconds + REPORT_SECONDS;
  const interval = Math.min(stepsPerEpoch, Math.ceil(seconds * stepsPerSecond));
  return loss === 'interval' ? interval : stepsPerEpoch + interval;
}

/** `allowed`: steps by epoch, of the faults that struck in it. */
export function workLost(
  history: readonly EpochResult[],
  allowed: ReadonlyMap<number, number>,
): Violation[] {
  const wrong = history.flatMap(({ epoch, stepsRedone = 0 }) => {
    const limit = allowed.get(epoch) ?? 0;
    return stepsRedone > limit
      ? [`epoch ${epoch} did ${stepsRedone} steps again, and ${limit} were allowed`]
      : [];
  });
  return violations('work lost', wrong);
}

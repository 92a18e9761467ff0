/** What the finished epochs of a run come to. Pure. */
import type { EpochResult } from '../../contracts/progress.ts';

/** Seconds of all epochs, with what lost attempts cost within them. */
export const trainedSeconds = (epochs: readonly EpochResult[]): number =>
  epochs.reduce((sum, { seconds }) => sum + seconds, 0);

/** Steps that were done more than once, since attempts were lost. */
export const redoneSteps = (epochs: readonly EpochResult[]): number =>
  epochs.reduce((sum, { stepsRedone = 0 }) => sum + stepsRedone, 0);

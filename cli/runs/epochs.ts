/** What the finished epochs of a run come to. Pure. */
import type { BestEpoch, EpochResult } from '../../contracts/progress.ts';

/** The one with the lowest validation loss, by its total; `undefined` where none was validated. */
export function bestEpoch(epochs: readonly EpochResult[]): BestEpoch | undefined {
  return epochs
    .flatMap(({ epoch, validation }) =>
      validation === null ? [] : [{ epoch, loss: validation.total }],
    )
    .reduce<BestEpoch | undefined>(
      (best, epoch) => (best === undefined || epoch.loss < best.loss ? epoch : best),
      undefined,
    );
}

/** Seconds of all epochs, with what lost attempts cost within them. */
export const trainedSeconds = (epochs: readonly EpochResult[]): number =>
  epochs.reduce((sum, { seconds }) => sum + seconds, 0);

/** Steps that were done more than once, since attempts were lost. */
export const redoneSteps = (epochs: readonly EpochResult[]): number =>
  epochs.reduce((sum, { stepsRedone = 0 }) => sum + stepsRedone, 0);

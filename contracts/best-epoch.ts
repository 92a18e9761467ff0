/** Which of a run's finished epochs was the best, as the run itself, the command line and the page tell it. */
import type { BestEpoch, EpochResult, Losses } from './progress.ts';

/** The first with the lowest validation loss, by one of its parts; `null` where none was validated. */
export function bestEpochOf(
  epochs: readonly EpochResult[],
  part: keyof Losses = 'total',
): BestEpoch | null {
  return epochs.reduce<BestEpoch | null>((best, { epoch, validation }) => {
    if (validation === null) return best;
    const loss = validation[part];
    return best === null || loss < best.loss ? { epoch, loss } : best;
  }, null);
}

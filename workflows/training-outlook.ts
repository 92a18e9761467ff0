/** What the epochs so far say of the training: which was the best, and when it may be over. */
import type { EarlyStopping } from '../contracts/pipeline-input.ts';
import type { BestEpoch, EpochResult } from '../contracts/progress.ts';

/** Epochs of one stage take about as long; the first one of a process also compiles. */
const PACE_OF = 3;

/** `null` where no epoch was validated. */
export function bestOf(
  history: readonly EpochResult[],
  metric: EarlyStopping['metric'],
): BestEpoch | null {
  return history.reduce<BestEpoch | null>((best, { epoch, validation }) => {
    if (validation === null) return best;
    const loss = validation[metric];
    return best === null || loss < best.loss ? { epoch, loss } : best;
  }, null);
}

/**
 * By the pace of the last epochs of the stage under way, from the end of the last one on; ISO 8601. A later stage may be
 * slower, and early stopping may end one sooner. `null` before the first epoch and after the last.
 */
export function expectedEnd(
  history: readonly EpochResult[],
  { total, at }: { readonly total: number; readonly at: Date },
): string | null {
  const left = total - history.length;
  const last = history.at(-1);
  if (last === undefined || left <= 0) return null;
  const recent = history.filter(({ stage }) => stage === last.stage).slice(-PACE_OF);
  const pace = recent.reduce((sum, { seconds }) => sum + seconds, 0) / recent.length;
  return new Date(at.getTime() + left * pace * 1000).toISOString();
}

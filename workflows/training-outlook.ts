/** What the epochs so far say of the training: when it may be over. */
import type { EpochResult } from '../contracts/progress.ts';

/** Epochs of one stage take about as long; the first one of a process also compiles. */
const PACE_OF = 3;

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

/**
 * Which epoch of a stage its model is taken from, and whether more epochs are worth it. Without a rule the
 * last epoch; with one the best by its metric, and the stage ends after `patience` epochs that were not
 * better by more than `minDelta`. Decided from the epochs' results alone, so that a replay decides alike;
 * and from the best epoch and those after it alone, so that results of older ones need not be kept.
 */
import type { FinishedEpoch } from '../contracts/activities.ts';
import type { EarlyStopping } from '../contracts/pipeline-input.ts';
import type { BestEpoch } from '../contracts/progress.ts';

type Watched = Pick<EarlyStopping, 'metric' | 'minDelta'>;

/** What "best" means where no rule says it. */
const BY_TOTAL: Watched = { metric: 'total', minDelta: 0 };

/** The epoch to go on with; `undefined` before the first. `epochs` come in their order. */
export function chosenEpoch(
  epochs: readonly FinishedEpoch[],
  rule: EarlyStopping | null,
): FinishedEpoch | undefined {
  return rule === null ? epochs.at(-1) : bestEpoch(epochs, rule);
}

/** Have too many epochs passed without a better one? */
export function isStageOver(epochs: readonly FinishedEpoch[], rule: EarlyStopping | null): boolean {
  const [best, last] = [bestEpoch(epochs, rule), epochs.at(-1)];
  if (rule === null || best === undefined || last === undefined) return false;
  return last.result.epoch - best.result.epoch >= rule.patience;
}

export function bestEpoch(
  epochs: readonly FinishedEpoch[],
  rule: Watched | null,
): FinishedEpoch | undefined {
  const { metric, minDelta } = rule ?? BY_TOTAL;
  const [first, ...others] = epochs;
  return others.reduce<FinishedEpoch | undefined>(
    (best, epoch) =>
      best !== undefined && lossOf(epoch, metric) < lossOf(best, metric) - minDelta ? epoch : best,
    first,
  );
}

/** The best epoch as an epoch is told of it; `null` where none was validated. */
export function bestSoFar(
  epochs: readonly FinishedEpoch[],
  rule: Watched | null,
): BestEpoch | null {
  const best = bestEpoch(epochs, rule);
  if (best === undefined) return null;
  const loss = lossOf(best, (rule ?? BY_TOTAL).metric);
  return Number.isFinite(loss) ? { epoch: best.result.epoch, loss } : null;
}

/** The validation loss; an epoch without validation (which the input's schema refuses) is never better. */
function lossOf({ result }: FinishedEpoch, metric: EarlyStopping['metric']): number {
  return result.validation?.[metric] ?? Infinity;
}

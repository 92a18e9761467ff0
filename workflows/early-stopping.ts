/**
 * Which epoch of a stage its model is taken from, and whether more epochs are worth it. Without a rule the
 * last epoch; with one the best by its metric, and the stage ends after `patience` epochs that were not
 * better by more than `minDelta`. Decided from the epochs' results alone, so that a replay decides alike.
 */
import type { TrainEpochOutput } from '../contracts/activities.ts';
import type { EarlyStopping } from '../contracts/pipeline-input.ts';

/** What an epoch that was not interrupted returns. */
export type FinishedEpoch = Extract<TrainEpochOutput, { kind: 'finished' }>;

export class EpochChoice {
  readonly #rule: EarlyStopping | null;
  #chosen: FinishedEpoch | undefined;
  #epochsWithout = 0;

  constructor(rule: EarlyStopping | null) {
    this.#rule = rule;
  }

  /** The stage's epochs, one after another. */
  add(output: FinishedEpoch): void {
    if (this.#isBetter(output)) {
      this.#chosen = output;
      this.#epochsWithout = 0;
    } else {
      this.#epochsWithout++;
    }
  }

  /** The epoch to go on with; `undefined` before the first. */
  get chosen(): FinishedEpoch | undefined {
    return this.#chosen;
  }

  /** Have too many epochs passed without a better one? */
  get isOver(): boolean {
    return this.#rule !== null && this.#epochsWithout >= this.#rule.patience;
  }

  #isBetter(output: FinishedEpoch): boolean {
    if (this.#rule === null || this.#chosen === undefined) return true;
    const { metric, minDelta } = this.#rule;
    return metricOf(output, metric) < metricOf(this.#chosen, metric) - minDelta;
  }
}

/** The validation loss; an epoch without validation (which the input's schema refuses) is never better. */
function metricOf({ result }: FinishedEpoch, metric: EarlyStopping['metric']): number {
  return result.validation?.[metric] ?? Infinity;
}

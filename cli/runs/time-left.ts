/** How long a step of a run still takes, as far as it has shown how fast it is. Pure. */

export interface TrainingPace {
  /** Of the whole run. */
  readonly epochs: { readonly done: number; readonly total: number };
  /** What the finished epochs that are like the next ones took, in seconds, all told. */
  readonly epochSeconds: readonly number[];
  /** The epoch under way; absent between two epochs. */
  readonly underWay?: StepPace | undefined;
}

export interface StepPace {
  /** In whatever unit. */
  readonly done: number;
  readonly total: number;
  /** Units a second; `undefined` while that is not known. */
  readonly perSecond: number | undefined;
}

/** Seconds, or `undefined` while nothing tells. */
export function stepSecondsLeft({ done, total, perSecond }: StepPace): number | undefined {
  if (perSecond === undefined || perSecond <= 0) return undefined;
  return Math.max(0, total - done) / perSecond;
}

/**
 * Seconds of training that are left; `undefined` while nothing tells, and when no epoch is. The epoch under way goes on at the speed of its own steps, and then takes what
 * finished epochs took beside their steps (validation, saving); the others take the mean of the finished ones. Before
 * the first one has finished, the speed of its steps stands for all.
 */
export function trainingSecondsLeft(pace: TrainingPace): number | undefined {
  const { epochs, epochSeconds, underWay } = pace;
  const left = Math.max(0, epochs.total - epochs.done);
  if (left === 0) return undefined;
  const mean =
    epochSeconds.length === 0
      ? undefined
      : epochSeconds.reduce((sum, seconds) => sum + seconds, 0) / epochSeconds.length;
  const ofSteps = underWay && stepSecondsLeft({ ...underWay, done: 0 });
  const whole = mean ?? ofSteps;
  if (whole === undefined) return undefined;
  return (
    restOf(underWay, { whole, beside: Math.max(0, whole - (ofSteps ?? whole)) }) +
    (left - 1) * whole
  );
}

function restOf(
  underWay: StepPace | undefined,
  { whole, beside }: { readonly whole: number; readonly beside: number },
): number {
  if (underWay === undefined || underWay.total === 0) return whole;
  const bySpeed = stepSecondsLeft(underWay);
  return bySpeed === undefined ? whole * (1 - underWay.done / underWay.total) : bySpeed + beside;
}

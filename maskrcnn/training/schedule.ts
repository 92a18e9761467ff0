/** The learning rate at a step: constant or a half cosine to zero, after a linear warm-up. */

export interface LearningRateSchedule {
  readonly schedule: 'constant' | 'cosine';
  /** Highest rate, reached after the warm-up. */
  readonly learningRate: number;
  /** Steps in which the rate rises linearly: the first has `1 / warmupSteps` of it. */
  readonly warmupSteps: number;
  /** Steps of the whole stage; the cosine ends there. */
  readonly totalSteps: number;
}

/** The learning rate of `step` (0-based within the stage). */
export function learningRateAt(
  { schedule, learningRate, warmupSteps, totalSteps }: LearningRateSchedule,
  step: number,
): number {
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (schedule === 'constant') return learningRate;
  const progress = (step - warmupSteps) / Math.max(totalSteps - warmupSteps, 1);
  return learningRate * 0.5 * (1 + Math.cos(Math.PI * Math.min(progress, 1)));
}

/** How far a mean over so few images may be off by chance. */
import { mean } from './words.ts';

/** Half of the 95 % interval of the mean, by the normal approximation; `undefined` for fewer than eight values. */
export function marginOf(values: readonly number[]): number | undefined {
  if (values.length < 8) return undefined;
  const middle = mean(values);
  const variance =
    values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1);
  return 1.96 * Math.sqrt(variance / values.length);
}

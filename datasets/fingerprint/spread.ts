/** How numbers are spread: what a data set's person reads before the mean. */
import { z } from 'zod';

export const spreadSchema = z.strictObject({
  least: z.number(),
  quarter: z.number(),
  median: z.number(),
  threeQuarters: z.number(),
  most: z.number(),
});

export type Spread = z.output<typeof spreadSchema>;

/** Of no values every number is NaN. */
export function spreadOf(values: readonly number[]): Spread {
  const rising = values.toSorted((a, b) => a - b);
  return {
    least: quantile(rising, 0),
    quarter: quantile(rising, 0.25),
    median: quantile(rising, 0.5),
    threeQuarters: quantile(rising, 0.75),
    most: quantile(rising, 1),
  };
}

/** The value below which `share` of `rising` lies, interpolated linearly as numpy's percentiles are. */
export function quantile(rising: readonly number[], share: number): number {
  const place = share * (rising.length - 1);
  const below = rising[Math.floor(place)] ?? Number.NaN;
  const above = rising[Math.ceil(place)] ?? Number.NaN;
  return below + (above - below) * (place - Math.floor(place));
}

/** Of values in any order. */
export const quantileOf = (values: readonly number[], share: number): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    share,
  );

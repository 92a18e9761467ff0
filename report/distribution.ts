/** How scores are spread over images: a mean hides the lesions that were missed. */
import { quantile } from '../datasets/fingerprint/spread.ts';
import { JACCARD_THRESHOLD } from '../evaluation/isic-scores.ts';

export interface Distribution {
  readonly images: number;
  readonly quantiles: readonly { readonly name: string; readonly value: number }[];
  /** Share of the images at or above the challenge's threshold. */
  readonly shareAboveThreshold: number;
  /** Images by tenths of the score; the last tenth holds 1 itself. */
  readonly tenths: readonly number[];
}

const QUANTILES = [
  ['worst', 0],
  ['10 %', 0.1],
  ['25 %', 0.25],
  ['median', 0.5],
  ['75 %', 0.75],
  ['90 %', 0.9],
  ['best', 1],
] as const;

/** Of at least one score, each 0 to 1; quantiles are interpolated linearly. */
export function distributionOf(scores: readonly number[]): Distribution {
  const rising = scores.toSorted((a, b) => a - b);
  const tenths = new Array<number>(10).fill(0);
  for (const score of scores) {
    const tenth = Math.min(9, Math.floor(score * 10));
    tenths[tenth] = (tenths[tenth] ?? 0) + 1;
  }
  return {
    images: scores.length,
    quantiles: QUANTILES.map(([name, share]) => ({ name, value: quantile(rising, share) })),
    shareAboveThreshold:
      scores.filter((score) => score >= JACCARD_THRESHOLD).length / scores.length,
    tenths,
  };
}

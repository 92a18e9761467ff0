/**
 * Which prediction found which instance: `trim_zeros`, `compute_matches` and `compute_overlaps_masks` of
 * mrcnn/utils.py, number by number. Worth knowing, and kept:
 *
 * - `scoreThreshold` is compared with the overlap, not with the score;
 * - overlaps are float32, so 7 pixels of 10 are below a threshold of 0.7;
 * - the overlap of two empty masks is NaN, which passes every threshold;
 * - boxes only say how many rows there are: the rows of the other columns are taken from the front.
 *
 * The reference sorts with an unstable sort. Equal values come here in the order of its numpy for up to 16
 * rows: the last row first.
 */
import { maskOverlaps } from '../../maskrcnn/boxes/overlaps.ts';
import { ScoringError } from '../errors.ts';
import type { Instances, ScoredInstances } from './instances.ts';

export interface MatchThresholds {
  /** Smaller overlaps are no match, 0 to 1. @default 0.5 */
  readonly iouThreshold?: number;
  /** Instances that overlap less are not looked at, 0 to 1. @default 0 */
  readonly scoreThreshold?: number;
}

export interface Matches {
  /** `[truth]`: the prediction that found it, counted by falling score, or -1. */
  readonly gtMatch: Int32Array;
  /** `[predictions]`, by falling score: the instance that it found, or -1. */
  readonly predMatch: Int32Array;
  /** `[predictions * truth]`: IoU of the masks, predictions by falling score. */
  readonly overlaps: Float32Array;
}

/** The rows of `values` `[N * columns]` that are not all zeros. */
export function trimZeros<T extends Float32Array | Float64Array | Int32Array>(
  values: T,
  columns: number,
): T {
  const kept: number[] = [];
  for (let start = 0; start < values.length; start += columns) {
    const row = values.subarray(start, start + columns);
    if (row.some((value) => value !== 0)) kept.push(...row);
  }
  const trimmed = values.slice(0, kept.length) as T;
  trimmed.set(kept);
  return trimmed;
}

/**
 * Each prediction, by falling score, takes the free instance of its class that it overlaps most. Throws
 * `ScoringError` when a column is shorter than the boxes or masks differ in size.
 */
export function computeMatches(
  truth: Instances,
  predictions: ScoredInstances,
  { iouThreshold = 0.5, scoreThreshold = 0 }: MatchThresholds = {},
): Matches {
  const gtCount = countRows('truth', truth);
  const count = countRows('predictions', predictions);
  const order = fallingOrder(firstRows(predictions.scores, count, 'predicted scores'));
  const masks = order.map((row) => predictions.masks[row] ?? new Uint8Array());
  const overlaps = overlapMasks(masks, truth.masks.slice(0, gtCount));

  const predMatch = new Int32Array(count).fill(-1);
  const gtMatch = new Int32Array(gtCount).fill(-1);
  order.forEach((row, rank) => {
    const ious = overlaps.subarray(rank * gtCount, (rank + 1) * gtCount);
    for (const gt of fallingOrder([...ious])) {
      const iou = ious[gt] ?? NaN;
      // numpy compares a float32 array with a number in float32, but two single numbers in float64.
      if (iou < Math.fround(scoreThreshold)) break;
      if ((gtMatch[gt] ?? -1) > -1) continue;
      if (iou < iouThreshold) break;
      if (predictions.classIds[row] !== truth.classIds[gt]) continue;
      gtMatch[gt] = rank;
      predMatch[rank] = gt;
      break;
    }
  });
  return { gtMatch, predMatch, overlaps };
}

/** `compute_overlaps_masks`: float32 `[N * M]`. */
function overlapMasks(a: readonly Uint8Array[], b: readonly Uint8Array[]): Float32Array {
  const pixels = (a[0] ?? b[0])?.length;
  const other = [...a, ...b].find((mask) => mask.length !== pixels);
  if (other !== undefined)
    throw new ScoringError(
      `One mask has ${pixels ?? 0} pixels and another ${other.length}: give the masks of one image, ` +
        'all at its size.',
      { pixels, otherPixels: other.length },
    );
  return Float32Array.from(maskOverlaps(a, b));
}

/** Rows that are not padding, after a look that each column has so many. */
function countRows(name: string, { boxes, classIds, masks }: Instances): number {
  const count = trimZeros(boxes, 4).length / 4;
  firstRows(classIds, count, `${name}: class ids`);
  firstRows(masks, count, `${name}: masks`);
  return count;
}

function firstRows<T>(column: ArrayLike<T>, count: number, name: string): T[] {
  if (column.length < count)
    throw new ScoringError(
      `${name}: ${column.length} for ${count} boxes; give one for each box that is not padding.`,
      { boxes: count, found: column.length },
    );
  return Array.from(column).slice(0, count);
}

/** `np.argsort(values)[::-1]`: NaN first, equal values from the last to the first. */
function fallingOrder(values: readonly number[]): number[] {
  const rank = (index: number) => {
    const value = values[index] ?? NaN;
    return Number.isNaN(value) ? Infinity : value;
  };
  const compare = (a: number, b: number) => (rank(a) === rank(b) ? b - a : rank(b) - rank(a));
  return values.map((_, index) => index).sort(compare);
}

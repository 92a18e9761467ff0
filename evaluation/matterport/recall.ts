/**
 * How many boxes of the truth the predicted boxes find: `compute_recall` of mrcnn/utils.py, number by
 * number. Each prediction counts for the box that it overlaps most, so a box that is nobody's first choice
 * counts as missed even where a prediction overlaps it enough.
 */
import { boxOverlaps } from '../../maskrcnn/boxes/overlaps.ts';
import type { BoxArray } from '../../maskrcnn/shapes.ts';
import { ScoringError } from '../errors.ts';

export interface Recall {
  /** Boxes of the truth that were found, 0 to 1. */
  readonly recall: number;
  /** Predictions whose best overlap is at least the threshold. */
  readonly positiveIds: readonly number[];
}

/**
 * `predBoxes` `[N * 4]` and `gtBoxes` `[M * 4]`, in one coordinate system; M of 0 has no recall and throws
 * `ScoringError`. A prediction without area over a truth without area (IoU NaN) finds nothing.
 */
export function computeRecall(predBoxes: BoxArray, gtBoxes: BoxArray, iou: number): Recall {
  const count = gtBoxes.length / 4;
  if (count === 0)
    throw new ScoringError('There is no recall without a box in the truth.', { gtBoxes: count });
  const overlaps = boxOverlaps(predBoxes, gtBoxes);
  const positiveIds: number[] = [];
  const found = new Set<number>();
  for (let row = 0; row * 4 < predBoxes.length; row++) {
    const { index, value } = firstLargest(overlaps.subarray(row * count, (row + 1) * count));
    if (!(value >= iou)) continue;
    positiveIds.push(row);
    found.add(index);
  }
  return { recall: found.size / count, positiveIds };
}

/** `np.argmax` and `np.max`: the first of the largest, where NaN is the largest of all. */
function firstLargest(values: Float64Array): { readonly index: number; readonly value: number } {
  let index = 0;
  let value = values[0] ?? NaN;
  for (let i = 1; i < values.length && !Number.isNaN(value); i++) {
    const next = values[i] ?? NaN;
    if (next <= value) continue;
    index = i;
    value = next;
  }
  return { index, value };
}

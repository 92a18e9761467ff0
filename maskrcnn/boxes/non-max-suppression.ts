/**
 * Greedy non-maximum suppression on plain arrays: `non_max_suppression` of mrcnn/utils.py. The network
 * itself uses TensorFlow's op; this one serves evaluation and tests.
 *
 * Differs on purpose: among equal scores the earlier box wins (the reference leaves it to numpy's sort).
 */
import type { BoxArray } from '../shapes.ts';
import { boxIou } from './overlaps.ts';

export interface SuppressionOptions {
  /** `[N * 4]`, any coordinate system. */
  readonly boxes: BoxArray;
  /** `[N]` */
  readonly scores: ArrayLike<number>;
  /** A box goes when its IoU with a kept one is above this; 0 to 1. */
  readonly threshold: number;
}

/** Indices of the boxes that stay, by falling score. */
export function nonMaxSuppression({ boxes, scores, threshold }: SuppressionOptions): number[] {
  const order = Array.from(scores, (_, index) => index);
  order.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0) || a - b);
  const kept: number[] = [];
  for (const candidate of order) {
    if (!kept.some((index) => boxIou(boxes, index, boxes, candidate) > threshold)) {
      kept.push(candidate);
    }
  }
  return kept;
}

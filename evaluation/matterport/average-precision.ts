/**
 * Average precision of one image as Pascal VOC defines it, over all classes at once: `compute_ap` and
 * `compute_ap_range` of mrcnn/utils.py, number by number. COCO's own average precision is in `../coco/`.
 */
import { ScoringError } from '../errors.ts';
import type { Instances, ScoredInstances } from './instances.ts';
import { computeMatches } from './matches.ts';

export interface AveragePrecision {
  /** 0 to 1; NaN where there are predictions but no truth, as in the reference. */
  readonly ap: number;
  /** `[predictions + 2]`: the best precision at this recall or beyond; starts and ends with a pad. */
  readonly precisions: Float64Array;
  /** `[predictions + 2]`, rising from 0 to 1, rounded to float32. */
  readonly recalls: Float64Array;
  /** See `Matches`. */
  readonly overlaps: Float32Array;
}

const COCO_THRESHOLDS: readonly number[] = Array.from({ length: 10 }, (_, i) => 0.5 + i * 0.05);

/** Precision and recall after each prediction, by falling score, and the area below the curve. */
export function computeAp(
  truth: Instances,
  predictions: ScoredInstances,
  iouThreshold = 0.5,
): AveragePrecision {
  const { gtMatch, predMatch, overlaps } = computeMatches(truth, predictions, { iouThreshold });
  const steps = predMatch.length;
  const precisions = new Float64Array(steps + 2);
  const recalls = new Float64Array(steps + 2);
  recalls[steps + 1] = 1;
  let found = 0;
  predMatch.forEach((gt, rank) => {
    if (gt > -1) found++;
    precisions[rank + 1] = found / (rank + 1);
    recalls[rank + 1] = Math.fround(found / gtMatch.length);
  });
  for (let i = steps; i >= 0; i--)
    precisions[i] = Math.max(precisions[i] ?? 0, precisions[i + 1] ?? 0);

  let ap = 0;
  for (let i = 1; i < recalls.length; i++) {
    const width = (recalls[i] ?? 0) - (recalls[i - 1] ?? 0);
    if (width !== 0) ap += width * (precisions[i] ?? 0);
  }
  return { ap, precisions, recalls, overlaps };
}

/** The mean of `computeAp` over IoU thresholds. @default 0.5 to 0.95 in steps of 0.05 */
export function computeApRange(
  truth: Instances,
  predictions: ScoredInstances,
  iouThresholds: readonly number[] = COCO_THRESHOLDS,
): number {
  if (iouThresholds.length === 0)
    throw new ScoringError('There are no IoU thresholds to average over.', { iouThresholds });
  const aps = iouThresholds.map((threshold) => computeAp(truth, predictions, threshold).ap);
  return aps.reduce((sum, ap) => sum + ap, 0) / aps.length;
}

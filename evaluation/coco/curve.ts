/** Precision and recall of one category over all images: `COCOeval.accumulate` of pycocotools. */
import { IOU_THRESHOLDS, type ImageMatches, type Verdict } from './match.ts';

/** `np.linspace(0, 1, 101)`. */
const RECALLS: readonly number[] = Array.from({ length: 101 }, (_, i) =>
  i === 100 ? 1 : i * 0.01,
);

export interface Curve {
  /** `[101]`: the best precision at a recall of 0, 0.01, … 1 or beyond; 0 where that is not reached. */
  readonly precisions: readonly number[];
  /** Instances found, 0 to 1. */
  readonly recall: number;
}

/**
 * A curve for each IoU threshold, from the best `maxDetections` of each image; `undefined` where there is
 * nothing to find. Equal scores stand in the order of the images.
 */
export function curves(
  images: readonly ImageMatches[],
  maxDetections: number,
): readonly Curve[] | undefined {
  const positives = images.reduce((sum, image) => sum + image.positives, 0);
  if (positives === 0) return undefined;
  const scores = images.flatMap((image) => image.scores.slice(0, maxDetections));
  const order = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
  return IOU_THRESHOLDS.map((_, t) => {
    const verdicts = images.flatMap((image) => image.verdicts[t]?.slice(0, maxDetections) ?? []);
    return curve(
      order.map((i) => verdicts[i] ?? 'ignored'),
      positives,
    );
  });
}

/** The curve of verdicts by falling score. */
function curve(verdicts: readonly Verdict[], positives: number): Curve {
  const precisions: number[] = [];
  const recalls: number[] = [];
  let [right, wrong] = [0, 0];
  for (const verdict of verdicts) {
    if (verdict === 'right') right++;
    if (verdict === 'wrong') wrong++;
    precisions.push(right / (wrong + right + Number.EPSILON));
    recalls.push(right / positives);
  }
  for (let i = precisions.length - 1; i > 0; i--)
    precisions[i - 1] = Math.max(precisions[i - 1] ?? 0, precisions[i] ?? 0);

  let step = 0;
  const sampled = RECALLS.map((recall) => {
    while (step < recalls.length && (recalls[step] ?? 0) < recall) step++;
    return precisions[step] ?? 0;
  });
  return { precisions: sampled, recall: right / positives };
}

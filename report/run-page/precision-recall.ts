/**
 * What the confidence is worth: COCO's curve (`evaluation/coco/curve.ts`) from the one instance of each image that is
 * scored. Every image has one lesion; it counts as found when the Jaccard index reaches the threshold.
 */
import type { ImageScore } from '../../contracts/manifests.ts';
import { curves } from '../../evaluation/coco/curve.ts';
import { IOU_THRESHOLDS, type ImageMatches } from '../../evaluation/coco/match.ts';

export interface ConfidenceCurve {
  /** Of the Jaccard index. */
  readonly threshold: number;
  /** COCO's average precision, 0 to 1. */
  readonly averagePrecision: number;
  /** At the recalls 0, 0.01, … as far as they are reached. */
  readonly points: readonly { readonly recall: number; readonly precision: number }[];
}

const SHOWN = [0.5, 0.65, 0.75];

/** Of at least one image. */
export function confidenceCurves(images: readonly ImageScore[]): ConfidenceCurve[] {
  const ofCategory = curves(images.map(matchesOf), 1) ?? [];
  return SHOWN.flatMap((threshold) => {
    const curve = ofCategory[indexOf(threshold)];
    if (curve === undefined) return [];
    const { precisions, recall } = curve;
    const points = precisions.map((precision, index) => ({ recall: index / 100, precision }));
    return [
      {
        threshold,
        averagePrecision: precisions.reduce((sum, value) => sum + value, 0) / precisions.length,
        points: points.filter((point) => point.recall <= recall + 1e-9),
      },
    ];
  });
}

function matchesOf({ confidence, scores }: ImageScore): ImageMatches {
  const found = confidence === null ? [] : [confidence];
  return {
    scores: found,
    verdicts: IOU_THRESHOLDS.map((threshold) =>
      // The thresholds are numpy's, a rounding error off 0.65.
      found.map(() => (scores.jaccard >= threshold - 1e-9 ? 'right' : 'wrong')),
    ),
    positives: 1,
  };
}

const indexOf = (threshold: number) =>
  IOU_THRESHOLDS.findIndex((value) => Math.abs(value - threshold) < 1e-6);

/**
 * The scores of the ISIC 2018 challenge, task 1, as its own scorer defines them: PyPI package
 * `isic-challenge-scoring` 5.6.0, `metrics.py` and `segmentation.py`. Where a ratio is 0/0 that scorer
 * gives 1 ("a freebie"): sensitivity without a lesion, specificity without skin, Jaccard and Dice where
 * both masks are empty.
 */
import { ScoringError } from './errors.ts';

export interface IsicScores {
  /** Intersection over union, 0 to 1. */
  readonly jaccard: number;
  /** Jaccard where it is at least 0.65, else 0: the challenge's ranking score. */
  readonly thresholdJaccard: number;
  readonly dice: number;
  readonly sensitivity: number;
  readonly specificity: number;
  readonly accuracy: number;
}

export const JACCARD_THRESHOLD = 0.65;

/** The scorer's reading of an 8-bit mask: above 128 is lesion. 0 or 1 for each pixel. */
export function binarise(grey: Uint8Array): Uint8Array {
  return grey.map((value) => Number(value > 128));
}

/**
 * Scores one predicted mask against its truth; both are `[height * width]`, 0 outside the lesion and
 * anything else inside. Throws `ScoringError` when their sizes differ or there are no pixels.
 */
export function scoreMask(prediction: Uint8Array, truth: Uint8Array): IsicScores {
  if (prediction.length !== truth.length || truth.length === 0) {
    throw new ScoringError(
      `The prediction has ${prediction.length} pixels and the truth ${truth.length}: ` +
        "masks are scored at the image's own size, and have at least one pixel.",
      { predictionPixels: prediction.length, truthPixels: truth.length },
    );
  }
  let truePositives = 0;
  let predicted = 0;
  let actual = 0;
  for (let pixel = 0; pixel < truth.length; pixel++) {
    const isPredicted = prediction[pixel] !== 0;
    const isActual = truth[pixel] !== 0;
    if (isPredicted) predicted++;
    if (isActual) actual++;
    if (isPredicted && isActual) truePositives++;
  }
  const falsePositives = predicted - truePositives;
  const falseNegatives = actual - truePositives;
  const trueNegatives = truth.length - truePositives - falsePositives - falseNegatives;

  const jaccard = ratio(truePositives, truePositives + falsePositives + falseNegatives);
  return {
    jaccard,
    thresholdJaccard: jaccard >= JACCARD_THRESHOLD ? jaccard : 0,
    dice: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
    sensitivity: ratio(truePositives, truePositives + falseNegatives),
    specificity: ratio(trueNegatives, trueNegatives + falsePositives),
    accuracy: ratio(truePositives + trueNegatives, truth.length),
  };
}

/** The unweighted mean of each score over images. Throws `ScoringError` when there are none. */
export function meanScores(scores: readonly IsicScores[]): IsicScores {
  if (scores.length === 0) throw new ScoringError('There are no images to average over.', {});
  const mean = (name: keyof IsicScores) =>
    scores.reduce((sum, image) => sum + image[name], 0) / scores.length;
  return {
    jaccard: mean('jaccard'),
    thresholdJaccard: mean('thresholdJaccard'),
    dice: mean('dice'),
    sensitivity: mean('sensitivity'),
    specificity: mean('specificity'),
    accuracy: mean('accuracy'),
  };
}

function ratio(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole;
}

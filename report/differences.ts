/**
 * Truth and prediction over one image: `display_differences` of mrcnn/visualize.py. Truth is green, the
 * prediction red, and each prediction says its score and its overlap with the truth that it found, or with
 * the nearest one where it found none.
 *
 * Differs on purpose: the overlap that is written is that of the instance that it is written on (the
 * reference mixes two orders when predictions do not come by falling score).
 */
import { computeMatches, type Matches } from '../evaluation/matterport/matches.ts';
import { detectionColumns, instanceColumns } from '../evaluation/matterport/instances.ts';
import { titled, type Drawing, type RgbPicture } from './drawing.ts';
import { drawInstances, type DrawnInstance } from './instances.ts';

export interface ScoredInstance extends DrawnInstance {
  readonly score: number;
}

export interface DifferencesOptions {
  readonly image: RgbPicture;
  readonly truth: readonly DrawnInstance[];
  readonly predictions: readonly ScoredInstance[];
  /** Background first. */
  readonly classNames: readonly string[];
  /** Smaller overlaps are no match. @default 0.5 */
  readonly iouThreshold?: number;
}

export const DIFFERENCE_COLOURS = { truth: '#00e62e', prediction: '#ff2a1f' } as const;

export async function drawDifferences(options: DifferencesOptions): Promise<Drawing> {
  const { image, truth, classNames, iouThreshold = 0.5 } = options;
  const predictions = options.predictions.toSorted((a, b) => b.score - a.score);
  const matches = computeMatches(instanceColumns(truth), detectionColumns(predictions), {
    iouThreshold,
  });
  const captions = predictions.map(
    ({ score }, index) => `${score.toFixed(2)} / ${overlapOf(matches, index).toFixed(2)}`,
  );
  const drawing = await drawInstances({
    image,
    instances: [...truth, ...predictions],
    classNames,
    colours: [
      ...truth.map(() => DIFFERENCE_COLOURS.truth),
      ...predictions.map(() => DIFFERENCE_COLOURS.prediction),
    ],
    captions: [...truth.map(() => ''), ...captions],
  });
  const found = matches.gtMatch.filter((prediction) => prediction > -1).length;
  return titled(
    drawing,
    `Truth green, prediction red with score / IoU: ${String(found)} of ${String(truth.length)} found, ` +
      `${String(predictions.length)} predicted`,
  );
}

/** With the instance found, else the largest with any; 0 without truth. */
function overlapOf({ gtMatch, predMatch, overlaps }: Matches, prediction: number): number {
  const row = overlaps.subarray(prediction * gtMatch.length, (prediction + 1) * gtMatch.length);
  const found = predMatch[prediction] ?? -1;
  return found > -1 ? (row[found] ?? 0) : Math.max(0, ...row);
}

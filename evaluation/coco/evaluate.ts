/**
 * COCO's average precision and recall of boxes or masks: the twelve numbers that `COCOeval.summarize` of
 * pycocotools prints, equal to it to rounding. Averages run over categories that have something to find.
 */
import type { Size } from '../../maskrcnn/shapes.ts';
import { ScoringError } from '../errors.ts';
import {
  findCandidates,
  MOST_DETECTIONS,
  type Candidates,
  type CocoIouType,
} from './candidates.ts';
import { curves, type Curve } from './curve.ts';
import type { CocoDataset, CocoResult } from './format.ts';
import { IOU_THRESHOLDS, matchImage, type AreaRange } from './match.ts';

/** Each 0 to 1, or -1 where there was nothing to find, as in pycocotools. */
export interface CocoSummary {
  /** Mean over IoU thresholds 0.5, 0.55, … 0.95: the AP of COCO's tables. */
  readonly ap: number;
  /** At an IoU of 0.5, as Pascal VOC has it. */
  readonly ap50: number;
  readonly ap75: number;
  /** Instances of at most 32² pixels. */
  readonly apSmall: number;
  /** From 32² to 96² pixels. */
  readonly apMedium: number;
  /** 96² pixels and more. */
  readonly apLarge: number;
  /** Recall from the best detection of each image and category, mean over IoU thresholds. */
  readonly ar1: number;
  readonly ar10: number;
  readonly ar100: number;
  readonly arSmall: number;
  readonly arMedium: number;
  readonly arLarge: number;
}

export interface CocoEvaluation extends CocoSummary {
  /** The same numbers for each category alone, by its id. */
  readonly categories: ReadonlyMap<number, CocoSummary>;
}

export interface CocoEvaluateOptions {
  readonly truth: CocoDataset;
  readonly results: readonly CocoResult[];
  /** Compare boxes or masks. @default "bbox" */
  readonly iouType?: CocoIouType;
}

const HUGE = 1e5 ** 2;
const AREAS = {
  all: [0, HUGE],
  small: [0, 32 ** 2],
  medium: [32 ** 2, 96 ** 2],
  large: [96 ** 2, HUGE],
} as const satisfies Record<string, AreaRange>;

type CategoryCurves = Record<keyof typeof AREAS | 'best1' | 'best10', readonly Curve[] | undefined>;

/**
 * Results of categories that the truth does not list are left out, as in pycocotools; an image that it does
 * not list, or a score that is no number, throws `ScoringError`.
 */
export function cocoEvaluate({
  truth,
  results,
  iouType = 'bbox',
}: CocoEvaluateOptions): CocoEvaluation {
  checkResults(truth, results);
  const perCategory = candidatesByCategory(truth, results, iouType);
  const found = [...perCategory].map(([id, images]) => [id, categoryCurves(images)] as const);
  return {
    ...summarise(found.map(([, curvesOf]) => curvesOf)),
    categories: new Map(found.map(([id, curvesOf]) => [id, summarise([curvesOf])])),
  };
}

/** The images of each category, both by rising id: equal scores are ranked in that order. */
function candidatesByCategory(
  truth: CocoDataset,
  results: readonly CocoResult[],
  iouType: CocoIouType,
): ReadonlyMap<number, readonly Candidates[]> {
  const annotationsAt = groupByPlace(truth.annotations);
  const resultsAt = groupByPlace(results);
  const images = truth.images.toSorted((a, b) => a.id - b.id);
  const categories = truth.categories.toSorted((a, b) => a.id - b.id);
  return new Map(
    categories.map(({ id }) => [
      id,
      images.flatMap((image) => {
        const key = place({ image_id: image.id, category_id: id });
        const truths = annotationsAt.get(key) ?? [];
        const found = resultsAt.get(key) ?? [];
        // Most categories are on few images: what has neither adds nothing.
        if (truths.length + found.length === 0) return [];
        const size: Size = [image.height, image.width];
        return [findCandidates({ truths, results: found, size, iouType })];
      }),
    ]),
  );
}

interface Placed {
  readonly image_id: number;
  readonly category_id: number;
}

function groupByPlace<T extends Placed>(rows: readonly T[]): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(place(row));
    if (group === undefined) groups.set(place(row), [row]);
    else group.push(row);
  }
  return groups;
}

function place({ image_id: imageId, category_id: categoryId }: Placed): string {
  return `${imageId}/${categoryId}`;
}

function categoryCurves(images: readonly Candidates[]): CategoryCurves {
  const within = (area: keyof typeof AREAS) =>
    images.map((candidates) => matchImage(candidates, AREAS[area]));
  const all = within('all');
  return {
    all: curves(all, MOST_DETECTIONS),
    best1: curves(all, 1),
    best10: curves(all, 10),
    small: curves(within('small'), MOST_DETECTIONS),
    medium: curves(within('medium'), MOST_DETECTIONS),
    large: curves(within('large'), MOST_DETECTIONS),
  };
}

function summarise(categories: readonly CategoryCurves[]): CocoSummary {
  const curvesOf = (setting: keyof CategoryCurves, threshold?: number) =>
    categories.flatMap((category) => {
      const all = category[setting] ?? [];
      return threshold === undefined ? all : all.filter((_, t) => t === threshold);
    });
  const ap = (setting: keyof CategoryCurves, threshold?: number) =>
    mean(curvesOf(setting, threshold).flatMap(({ precisions }) => precisions));
  const ar = (setting: keyof CategoryCurves) => mean(curvesOf(setting).map(({ recall }) => recall));
  return {
    ap: ap('all'),
    ap50: ap('all', IOU_THRESHOLDS.indexOf(0.5)),
    ap75: ap('all', IOU_THRESHOLDS.indexOf(0.75)),
    apSmall: ap('small'),
    apMedium: ap('medium'),
    apLarge: ap('large'),
    ar1: ar('best1'),
    ar10: ar('best10'),
    ar100: ar('all'),
    arSmall: ar('small'),
    arMedium: ar('medium'),
    arLarge: ar('large'),
  };
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? -1 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function checkResults({ images }: CocoDataset, results: readonly CocoResult[]): void {
  const known = new Set(images.map(({ id }) => id));
  for (const { image_id: imageId, score } of results) {
    if (!known.has(imageId))
      throw new ScoringError(
        `A result is of image ${imageId}, which the ground truth does not list: score results against ` +
          'the data set that they were made from.',
        { imageId },
      );
    if (Number.isNaN(score))
      throw new ScoringError(`A result of image ${imageId} has no number for a score.`, {
        imageId,
      });
  }
}

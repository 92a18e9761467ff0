/**
 * What COCO compares in one image for one category: the best detections against the ground truth, by
 * boxes or by masks. `COCO.loadRes`, `COCO.annToRLE` and `COCOeval.computeIoU` of pycocotools.
 */
import type { Size } from '../../maskrcnn/shapes.ts';
import { ScoringError } from '../errors.ts';
import type { CocoAnnotation, CocoBox, CocoResult, CocoSegmentation } from './format.ts';
import { polygonRuns } from './polygon.ts';
import { readRle, runsArea, runsBox, runsIntersection, runsUnion, type MaskRuns } from './rle.ts';

export type CocoIouType = 'bbox' | 'segm';

/** The most detections of a category that count in an image. */
export const MOST_DETECTIONS = 100;

export interface Candidates {
  readonly truths: readonly { readonly area: number; readonly isCrowd: boolean }[];
  /** By falling score, equal scores in the order given, `MOST_DETECTIONS` at most. */
  readonly detections: readonly { readonly score: number; readonly area: number }[];
  /** `[detection][truth]`, 0 to 1. */
  readonly ious: readonly (readonly number[])[];
}

export interface CandidatesOf {
  readonly truths: readonly CocoAnnotation[];
  readonly results: readonly CocoResult[];
  readonly size: Size;
  readonly iouType: CocoIouType;
}

export function findCandidates({ truths, results, size, iouType }: CandidatesOf): Candidates {
  const best = results.toSorted((a, b) => b.score - a.score).slice(0, MOST_DETECTIONS);
  const crowds = truths.map(({ iscrowd }) => iscrowd === 1);
  return {
    truths: truths.map(({ area }, i) => ({ area, isCrowd: crowds[i] === true })),
    detections: best.map((result) => ({ score: result.score, area: resultArea(result, size) })),
    ious: iouType === 'bbox' ? boxIous() : maskIous(),
  };

  function boxIous(): number[][] {
    const gtBoxes = truths.map(({ bbox }) => bbox);
    return best.map((result) => {
      const box = resultBox(result, size);
      return gtBoxes.map((gtBox, i) => boxIou(box, gtBox, crowds[i] === true));
    });
  }

  function maskIous(): number[][] {
    const gtMasks = truths.map((truth) => segmentationRuns(truth.segmentation, size));
    return best.map((result) => {
      const mask = segmentationRuns(result.segmentation ?? boxOutline(result.bbox), size);
      return gtMasks.map((gtMask, i) => maskIou(mask, gtMask, crowds[i] === true));
    });
  }
}

/** Overlap of two boxes; over a crowd only the detection's own area counts below the line. */
function boxIou(box: CocoBox, gtBox: CocoBox, isCrowd: boolean): number {
  const width = Math.min(box[0] + box[2], gtBox[0] + gtBox[2]) - Math.max(box[0], gtBox[0]);
  const height = Math.min(box[1] + box[3], gtBox[1] + gtBox[3]) - Math.max(box[1], gtBox[1]);
  if (width <= 0 || height <= 0) return 0;
  const shared = width * height;
  const area = box[2] * box[3];
  return shared / (isCrowd ? area : area + gtBox[2] * gtBox[3] - shared);
}

function maskIou(mask: MaskRuns, gtMask: MaskRuns, isCrowd: boolean): number {
  const shared = runsIntersection(mask, gtMask);
  if (shared === 0) return 0;
  const area = runsArea(mask);
  return shared / (isCrowd ? area : area + runsArea(gtMask) - shared);
}

/** A box counts before a mask, as in `loadRes`: give masks alone for sizes by the masks. */
function resultArea({ bbox, segmentation }: CocoResult, size: Size): number {
  return bbox === undefined ? runsArea(segmentationRuns(segmentation, size)) : bbox[2] * bbox[3];
}

function resultBox({ bbox, segmentation }: CocoResult, size: Size): CocoBox {
  return bbox ?? runsBox(segmentationRuns(segmentation, size));
}

function boxOutline(box: CocoBox | undefined): CocoSegmentation | undefined {
  if (box === undefined) return undefined;
  const [x, y, width, height] = box;
  return [[x, y, x, y + height, x + width, y + height, x + width, y]];
}

/** Any of COCO's ways to write a mask. Throws `ScoringError` where there is none. */
export function segmentationRuns(segmentation: CocoSegmentation | undefined, size: Size): MaskRuns {
  if (segmentation === undefined)
    throw new ScoringError(
      'An instance has no segmentation: give one, or evaluate boxes (iouType "bbox").',
      {},
    );
  if ('counts' in segmentation) return readRle(segmentation);
  return runsUnion(
    segmentation.map((outline) => polygonRuns(outline, size)),
    size,
  );
}

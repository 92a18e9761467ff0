/**
 * Detections and ground truth in COCO's files, for pycocotools or another scorer: `build_coco_results` of
 * samples/coco/coco.py, and the way back that the sample has no need of.
 */
import type { Size } from '../../maskrcnn/shapes.ts';
import type { Instance } from '../matterport/instances.ts';
import type { CocoAnnotation, CocoBox, CocoDataset, CocoResult } from './format.ts';
import { compressRuns, maskToRuns, runsArea, runsBox } from './rle.ts';

export interface CocoResultsOptions {
  readonly imageId: number;
  /** Height and width of the image, which the masks have too. */
  readonly size: Size;
  /** COCO's id of a class of ours. @default the same number */
  readonly categoryId?: (classId: number) => number;
}

/** Detections of one image, with box and mask, as a part of a results file. */
export function cocoResults(
  detections: readonly (Instance & { readonly score: number })[],
  { imageId, size, categoryId = same }: CocoResultsOptions,
): CocoResult[] {
  return detections.map(({ box: [y1, x1, y2, x2], classId, score, mask }) => ({
    image_id: imageId,
    category_id: categoryId(classId),
    bbox: [x1, y1, x2 - x1, y2 - y1],
    score,
    segmentation: compressRuns(maskToRuns(mask, size)),
  }));
}

/** An image and the instances on it, at one size. */
export interface CocoTruthImage {
  readonly id: number;
  readonly height: number;
  readonly width: number;
  /** A class id below 0 marks a crowd of its positive class, as in Matterport's data sets. */
  readonly instances: readonly Omit<Instance, 'box'>[];
}

export interface CocoTruthOptions {
  /** Names of the classes by id, the background left out. */
  readonly classes: ReadonlyMap<number, string>;
  /** COCO's id of a class of ours. @default the same number */
  readonly categoryId?: (classId: number) => number;
}

/** Ground truth as an `instances_*.json`. Boxes and areas are those of the masks. */
export function cocoTruth(
  images: readonly CocoTruthImage[],
  { classes, categoryId = same }: CocoTruthOptions,
): CocoDataset {
  const annotations = images.flatMap(({ id, height, width, instances }) =>
    instances.map(({ classId, mask }): Omit<CocoAnnotation, 'id'> => {
      const runs = maskToRuns(mask, [height, width]);
      return {
        image_id: id,
        category_id: categoryId(Math.abs(classId)),
        bbox: runsBox(runs) satisfies CocoBox,
        area: runsArea(runs),
        iscrowd: classId < 0 ? 1 : 0,
        segmentation: compressRuns(runs),
      };
    }),
  );
  return {
    images: images.map(({ id, height, width }) => ({ id, height, width })),
    categories: [...classes].map(([id, name]) => ({ id: categoryId(id), name })),
    // pycocotools takes id 0 for "no match".
    annotations: annotations.map((annotation, i) => ({ id: i + 1, ...annotation })),
  };
}

function same(classId: number): number {
  return classId;
}

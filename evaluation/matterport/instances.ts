/**
 * The instances of one image as the metrics of mrcnn/utils.py take them: column by column, perhaps padded
 * with boxes of four zeros.
 */
import type { BoxArray } from '../../maskrcnn/shapes.ts';

export interface Instances {
  /** `[N * (y1, x1, y2, x2)]`; rows of four zeros are padding. */
  readonly boxes: BoxArray;
  /** `[N]`; 0 is the background. */
  readonly classIds: ArrayLike<number>;
  /** N masks `[height * width]` of the same image; what is not 0 is inside. */
  readonly masks: readonly Uint8Array[];
}

export interface ScoredInstances extends Instances {
  /** `[N]`, 0 to 1. */
  readonly scores: ArrayLike<number>;
}

/** One instance as a detector gives it; ground truth has no score. */
export interface Instance {
  readonly box: readonly [y1: number, x1: number, y2: number, x2: number];
  readonly classId: number;
  readonly mask: Uint8Array;
}

/** A list of instances in columns. */
export function instanceColumns(instances: readonly Instance[]): Instances {
  return {
    boxes: Float64Array.from(instances.flatMap(({ box }) => [...box])),
    classIds: instances.map(({ classId }) => classId),
    masks: instances.map(({ mask }) => mask),
  };
}

/** A list of detections in columns. */
export function detectionColumns(
  detections: readonly (Instance & { readonly score: number })[],
): ScoredInstances {
  return { ...instanceColumns(detections), scores: detections.map(({ score }) => score) };
}

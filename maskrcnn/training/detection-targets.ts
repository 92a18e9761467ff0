/**
 * Which proposals train the heads, and towards what: `detection_targets_graph` of mrcnn/model.py (a third
 * positives, negatives in proportion to the positives found, crowds excluded, mini-masks or full masks).
 *
 * Differs in shape only: positives fill the first slots, negatives the slots behind *all* positive slots,
 * and unused slots of both kinds are zero, so that shapes do not depend on the data. The sums and means
 * of the losses are the same. Randomness comes in as keys: the chosen are those with the largest keys.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { positiveRoiSlots, type MaskRcnnConfig } from '../config.ts';
import { boxDeltas, boxOverlaps, isBox } from '../layers/box-coder.ts';
import { maskRows, padRows } from '../layers/padding.ts';
import type { TargetOrigin } from './target-gradient.ts';

/** Overlap with a truth box from which a proposal is a positive. */
const POSITIVE_OVERLAP = 0.5;
/** Overlap with a crowd box up to which a proposal may be a negative. */
const CROWD_OVERLAP = 0.001;

export interface DetectionTargets {
  /** `[B, T, (y1, x1, y2, x2)]`: positives in the first P slots, then negatives; zeros where unused. */
  readonly rois: tf.Tensor3D;
  /** `[B, T]` int32: 0 for negatives and unused slots. */
  readonly classIds: tf.Tensor2D;
  /** `[B, P, (dy, dx, log dh, log dw)]`, in units of `bboxStdDev`. */
  readonly deltas: tf.Tensor3D;
  /** `[B, P, h, w]`, 0 or 1. */
  readonly masks: tf.Tensor4D;
  /** Absent where the RoIs are not refined anchors. */
  readonly origin?: TargetOrigin;
}

export interface GroundTruth {
  /** `[B, G]` int32: positive a class, negative a crowd, 0 padding. */
  readonly gtClassIds: tf.Tensor2D;
  /** `[B, G, (y1, x1, y2, x2)]`, normalised, zero-padded. */
  readonly gtBoxes: tf.Tensor3D;
  /** `[B, h, w, G]`: mini-masks (relative to the box) or full ones. */
  readonly gtMasks: tf.Tensor4D;
}

export interface DetectionTargetInput extends GroundTruth {
  readonly config: MaskRcnnConfig;
  /** `[B, N, (y1, x1, y2, x2)]`, normalised, zero-padded. */
  readonly proposals: tf.Tensor3D;
  /** `[B, N]` int32: the anchor each proposal was refined from. */
  readonly anchorIndices?: tf.Tensor2D;
  /** `[B, N]`, uniform in 0…1. */
  readonly roiKeys: tf.Tensor2D;
}

/** Targets of every image. Some ops have no gradient: call it off the tape. */
export function detectionTargets(input: DetectionTargetInput): DetectionTargets {
  const images = input.proposals.shape[0];
  const perImage = Array.from({ length: images }, (_, image) => targetsOfImage(input, image));
  return {
    rois: tf.stack(perImage.map((targets) => targets.rois)) as tf.Tensor3D,
    classIds: tf.stack(perImage.map((targets) => targets.classIds)) as tf.Tensor2D,
    deltas: tf.stack(perImage.map((targets) => targets.deltas)) as tf.Tensor3D,
    masks: tf.stack(perImage.map((targets) => targets.masks)) as tf.Tensor4D,
    ...(input.anchorIndices && {
      origin: {
        anchorIndices: tf.stack(perImage.map(({ anchors }) => anchors as tf.Tensor)) as tf.Tensor2D,
        gtBoxes: tf.stack(perImage.map(({ boxes }) => boxes)) as tf.Tensor3D,
      },
    }),
  };
}

function targetsOfImage(input: DetectionTargetInput, image: number) {
  const { config } = input;
  const slots = config.trainRoisPerImage;
  const positiveSlots = positiveRoiSlots(config);
  const row = (batch: tf.Tensor): tf.Tensor => tf.gather(batch, image);
  const rows = Math.max(input.proposals.shape[1], slots);
  const proposals = padRows(row(input.proposals) as tf.Tensor2D, rows);
  const keys = padRows(row(input.roiKeys) as tf.Tensor1D, rows);
  const gtBoxes = row(input.gtBoxes) as tf.Tensor2D;
  const gtClassIds = row(input.gtClassIds) as tf.Tensor1D;

  const { positive, negative, assignment } = matchProposals({ proposals, gtBoxes, gtClassIds });
  const positives = pick(positive, keys, positiveSlots);
  const wanted = negativesFor(positives.valid, config.roiPositiveRatio);
  const negatives = pick(negative, keys, slots - positiveSlots, wanted);
  const positiveRois = maskRows(tf.gather(proposals, positives.indices), positives.valid);
  const negativeRois = maskRows(tf.gather(proposals, negatives.indices), negatives.valid);

  const gtIndices = tf.gather(assignment, positives.indices);
  // Unused slots are computed on a harmless box, so that no infinity meets a zero.
  const whole = tf.tile(tf.tensor2d([[0, 0, 1, 1]]), [positiveSlots, 1]);
  const used = positives.valid.expandDims<tf.Tensor2D>(1);
  const rois = tf.where(used, positiveRois, whole);
  const boxes = tf.where(used, tf.gather(gtBoxes, gtIndices), whole);
  const deltas = tf.div<tf.Tensor2D>(boxDeltas(rois, boxes), [...config.bboxStdDev]);
  const masks = tf.image.cropAndResize(
    (row(input.gtMasks) as tf.Tensor3D)
      .transpose<tf.Tensor3D>([2, 0, 1])
      .expandDims<tf.Tensor4D>(3),
    config.useMiniMask ? relativeTo(boxes, rois) : rois,
    gtIndices,
    [...config.maskShape],
  );
  const classIds = tf.mul<tf.Tensor1D>(
    tf.gather(gtClassIds, gtIndices),
    tf.cast(positives.valid, 'int32'),
  );
  return {
    boxes,
    anchors:
      input.anchorIndices && tf.gather(padRows(row(input.anchorIndices), rows), positives.indices),
    rois: tf.concat([positiveRois, negativeRois], 0),
    classIds: padRows(classIds, slots),
    deltas: maskRows(deltas, positives.valid),
    masks: maskRows(tf.round(masks.squeeze<tf.Tensor3D>([3])), positives.valid),
  };
}

interface ProposalMatch {
  /** `[N]` bool. */
  readonly positive: tf.Tensor1D;
  readonly negative: tf.Tensor1D;
  /** `[N]` int32: the truth box that overlaps a proposal most. */
  readonly assignment: tf.Tensor1D;
}

function matchProposals(options: {
  readonly proposals: tf.Tensor2D;
  readonly gtBoxes: tf.Tensor2D;
  readonly gtClassIds: tf.Tensor1D;
}): ProposalMatch {
  const { proposals, gtBoxes, gtClassIds } = options;
  const present = isBox(gtBoxes);
  const instance = tf.logicalAnd(present, tf.greater(gtClassIds, 0));
  const crowd = tf.cast(tf.logicalAnd(present, tf.less(gtClassIds, 0)), 'float32');
  const overlaps = boxOverlaps(proposals, gtBoxes);
  // -1 where there is no instance: never the best overlap, and no positive if all are missing.
  const instanceOverlaps = tf.where(
    tf.tile(instance.expandDims<tf.Tensor2D>(0), [proposals.shape[0], 1]),
    overlaps,
    tf.neg(tf.onesLike(overlaps)),
  );
  const best = tf.max<tf.Tensor1D>(instanceOverlaps, 1);
  const crowdOverlap = tf.max<tf.Tensor1D>(tf.mul(overlaps, crowd), 1);
  const real = isBox(proposals);
  const clear = tf.logicalAnd(real, tf.less(crowdOverlap, CROWD_OVERLAP));
  return {
    positive: tf.logicalAnd(real, tf.greaterEqual(best, POSITIVE_OVERLAP)),
    negative: tf.logicalAnd(clear, tf.less(best, POSITIVE_OVERLAP)),
    assignment: tf.argMax(instanceOverlaps, 1),
  };
}

interface Choice {
  /** `[slots]` int32 */
  readonly indices: tf.Tensor1D;
  /** `[slots]` bool: the first ones true. */
  readonly valid: tf.Tensor1D;
}

/** A random choice of `slots` rows (of at most `limit`) among the `eligible`. */
function pick(eligible: tf.Tensor1D, keys: tf.Tensor1D, slots: number, limit?: tf.Scalar): Choice {
  const { values, indices } = tf.topk<tf.Tensor1D>(
    tf.where(eligible, keys, tf.neg(tf.onesLike(keys))),
    slots,
  );
  const found: tf.Tensor1D = tf.greaterEqual(values, 0);
  const valid: tf.Tensor1D =
    limit === undefined ? found : tf.logicalAnd(found, tf.less(tf.range(0, slots), limit));
  return { indices, valid };
}

/** `trunc(positives / ratio) - positives` in float32, as the reference computes it. */
function negativesFor(positives: tf.Tensor1D, ratio: number): tf.Scalar {
  const count = tf.sum<tf.Scalar>(tf.cast(positives, 'float32'));
  return tf.sub(tf.floor(tf.mul(count, 1 / ratio)), count);
}

/** `boxes` in the frame of `frames` (row by row), where a frame is 0…1: a RoI inside its mini-mask. */
function relativeTo(frames: tf.Tensor2D, boxes: tf.Tensor2D): tf.Tensor2D {
  const [fy1, fx1, fy2, fx2] = tf.split(frames, 4, 1) as [Column, Column, Column, Column];
  const origin = tf.concat2d([fy1, fx1, fy1, fx1], 1);
  const height = tf.sub<Column>(fy2, fy1);
  const width = tf.sub<Column>(fx2, fx1);
  return tf.div(tf.sub(boxes, origin), tf.concat2d([height, width, height, width], 1));
}

type Column = tf.Tensor2D;

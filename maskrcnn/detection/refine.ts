/**
 * From classified RoIs to detections: `refine_detections_graph` of mrcnn/model.py. Best class of each RoI,
 * its refined box clipped to the image window, background and unsure ones dropped, per-class suppression,
 * the best by score.
 *
 * Differs in how, not in what: each class suppresses among all RoIs with the others' scores masked out,
 * and the result is a mask over the RoIs, so that shapes do not depend on the data.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { applyDeltas, clipBoxes } from '../layers/box-coder.ts';
import { maskRows, padRows } from '../layers/padding.ts';

export interface RefineInput {
  readonly config: MaskRcnnConfig;
  /** `[B, N, (y1, x1, y2, x2)]`, normalised. */
  readonly rois: tf.Tensor3D;
  /** `[B, N, classes]` */
  readonly probabilities: tf.Tensor3D;
  /** `[B, N, classes, (dy, dx, log dh, log dw)]`, in units of `bboxStdDev`. */
  readonly deltas: tf.Tensor4D;
  /** `[B, (y1, x1, y2, x2)]`, normalised: the part of the input that is image and not padding. */
  readonly windows: tf.Tensor2D;
  /** 0 to 1; RoIs below are dropped. @default the config's `detectionMinConfidence` */
  readonly minConfidence?: tf.Scalar | number;
}

/** `[B, detectionMaxInstances, (y1, x1, y2, x2, classId, score)]`, normalised, zero-padded. */
export function refineDetections(input: RefineInput): tf.Tensor3D {
  const images = input.rois.shape[0];
  const perImage = Array.from({ length: images }, (_, image) => refineImage(input, image));
  return tf.stack(perImage) as tf.Tensor3D;
}

function refineImage(input: RefineInput, image: number): tf.Tensor2D {
  const { config } = input;
  const [rois, classes] = [input.rois.shape[1], input.probabilities.shape[2]];
  const probabilities = tf.gather(input.probabilities, image).as2D(rois, classes);
  const classIds: tf.Tensor1D = tf.argMax(probabilities, 1);
  const scores: tf.Tensor1D = tf.max(probabilities, 1);
  const boxes = classBoxes(input, { image, classIds });
  const confident: tf.Tensor1D = tf.logicalAnd(
    tf.greater(classIds, 0),
    tf.greaterEqual(scores, input.minConfidence ?? config.detectionMinConfidence),
  );
  const kept = keptByClass(config, { boxes, scores, classIds, confident });
  const count = Math.min(config.detectionMaxInstances, scores.shape[0]);
  const { values, indices } = tf.topk<tf.Tensor1D>(
    tf.where(kept, scores, tf.neg(tf.onesLike(scores))),
    count,
  );
  const detections = tf.concat2d(
    [
      tf.gather(boxes, indices),
      tf.cast(tf.gather(classIds, indices), 'float32').expandDims<tf.Tensor2D>(1),
      values.expandDims<tf.Tensor2D>(1),
    ],
    1,
  );
  const found: tf.Tensor1D = tf.greaterEqual(values, 0);
  return padRows(maskRows(detections, found), config.detectionMaxInstances);
}

/** Each RoI's box, refined by the deltas of its class and clipped to the window. */
function classBoxes(
  { config, rois, deltas, windows }: RefineInput,
  { image, classIds }: { readonly image: number; readonly classIds: tf.Tensor1D },
): tf.Tensor2D {
  const chosen = tf.oneHot(classIds, deltas.shape[2], 1, 0, 'float32').expandDims(2);
  const ofClass: tf.Tensor2D = tf.sum(tf.mul(tf.gather(deltas, image), chosen), 1);
  const refined = applyDeltas(
    tf.gather(rois, image).as2D(rois.shape[1], 4),
    tf.mul(ofClass, [...config.bboxStdDev]),
  );
  return clipBoxes(refined, tf.gather(windows, image));
}

interface Candidates {
  readonly boxes: tf.Tensor2D;
  readonly scores: tf.Tensor1D;
  readonly classIds: tf.Tensor1D;
  /** `[N]` bool */
  readonly confident: tf.Tensor1D;
}

/** Which RoIs survive the suppression within their class: `[N]` bool. */
function keptByClass(
  config: MaskRcnnConfig,
  { boxes, scores, classIds, confident }: Candidates,
): tf.Tensor1D {
  const rois = scores.shape[0];
  const keptOfClass = Array.from({ length: config.numClasses - 1 }, (_, index) => {
    const ofClass = tf.logicalAnd(confident, tf.equal(classIds, index + 1));
    const masked = tf.where(ofClass, scores, tf.neg(tf.onesLike(scores)));
    // The score threshold keeps the masked ones out: a probability is never below 0.
    const { selectedIndices, validOutputs } = tf.image.nonMaxSuppressionPadded(
      boxes,
      masked,
      config.detectionMaxInstances,
      config.detectionNmsThreshold,
      0,
      true,
    ) as unknown as { selectedIndices: tf.Tensor1D; validOutputs: tf.Scalar };
    const slots = tf.range(0, selectedIndices.shape[0], 1, 'int32');
    const valid: tf.Tensor1D = tf.less(slots, validOutputs);
    const hits = maskRows(tf.oneHot(selectedIndices, rois, 1, 0, 'float32'), valid);
    return tf.sum(hits, 0);
  });
  return tf.greater(tf.addN(keptOfClass), 0.5);
}

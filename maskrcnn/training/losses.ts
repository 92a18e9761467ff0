/**
 * The five losses of Mask R-CNN, `*_loss_graph` of mrcnn/model.py, each a scalar over the whole batch.
 * A loss without any row to count is 0. "Masked sum over masked count" stands for the reference's gather
 * and mean, so that shapes do not depend on the data.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { noTape } from '../layers/no-tape.ts';

/** Keras' epsilon: probabilities are clipped this far from 0 and 1. */
const PROBABILITY_EPSILON = 1e-7;

/** Smooth L1 (Girshick, 2015), element by element. */
export function smoothL1<T extends tf.Tensor>(target: tf.Tensor, prediction: T): T {
  const distance = tf.abs(tf.sub(target, prediction));
  const near = noTape(() => tf.cast(tf.less(distance, 1), 'float32'));
  const far = noTape(() => tf.sub(1, near));
  const quadratic = tf.mul(tf.square(distance), 0.5);
  return tf.add(tf.mul(near, quadratic), tf.mul(far, tf.sub(distance, 0.5)));
}

/**
 * Is there an object at an anchor? Softmax cross entropy over the anchors that are not neutral.
 * @param rpnMatch `[B, A]` int32: 1 positive, -1 negative, 0 neutral.
 * @param logits `[B, A, (background, foreground)]`
 */
export function rpnClassLoss(rpnMatch: tf.Tensor2D, logits: tf.Tensor3D): tf.Scalar {
  const { truth, count } = noTape((): { truth: tf.Tensor; count: tf.Tensor } => {
    const negative = tf.cast(tf.equal(rpnMatch, -1), 'float32');
    const positive = tf.cast(tf.equal(rpnMatch, 1), 'float32');
    const oneHot = tf.stack([negative, positive], -1);
    return { truth: oneHot, count: tf.sum(oneHot) };
  });
  return meanOver(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), truth))), count);
}

/**
 * Smooth L1 over the deltas of the positive anchors.
 * @param rpnBbox `[B, M, 4]`: targets of the positive anchors by rising anchor index, zero-padded.
 * @param rpnMatch `[B, A]` int32.
 * @param deltas `[B, A, 4]`
 */
export function rpnBboxLoss(
  rpnBbox: tf.Tensor3D,
  rpnMatch: tf.Tensor2D,
  deltas: tf.Tensor3D,
): tf.Scalar {
  const [batch, anchors] = rpnMatch.shape;
  const rows = Math.min(rpnBbox.shape[1], anchors);
  const { indices, valid, targets } = noTape(
    (): { indices: tf.Tensor1D; valid: tf.Tensor; targets: tf.Tensor } => {
      // Falling ranks of the positives: the best `rows` of them are the positives by rising index.
      const rank = tf.range(anchors, 0, -1);
      const positive = tf.cast(tf.equal(rpnMatch, 1), 'float32');
      const top = tf.topk(tf.mul(positive, rank), rows);
      const firstOfImage = tf.range(0, batch * anchors, anchors, 'int32').expandDims(1);
      return {
        indices: tf.add(top.indices, firstOfImage).flatten(),
        valid: tf.cast(tf.greater(top.values, 0), 'float32').reshape([batch * rows, 1]),
        targets: tf.slice(rpnBbox, [0, 0, 0], [batch, rows, 4]).reshape([batch * rows, 4]),
      };
    },
  );
  const chosen = tf.gather(deltas.reshape<tf.Tensor2D>([batch * anchors, 4]), indices);
  const total = tf.sum(tf.mul(smoothL1(targets, chosen), valid));
  return meanOver(
    total,
    noTape(() => tf.mul(tf.sum(valid), 4)),
  );
}

/**
 * Softmax cross entropy over all RoI slots, unused ones too (they count as background). Rows whose
 * *predicted* class is inactive in the first image are dropped; 0 when that drops every row, as fresh heads
 * of several sources do at once (the reference divides by 0 there, and its weights become NaN).
 * @param classIds `[B, T]` int32.  @param logits `[B, T, classes]`
 * @param activeClassIds `[B, classes]`, 1 or 0; all classes when left out.
 */
export function mrcnnClassLoss(
  classIds: tf.Tensor2D,
  logits: tf.Tensor3D,
  activeClassIds?: tf.Tensor2D,
): tf.Scalar {
  const classes = logits.shape[2];
  const { truth, count } = noTape((): { truth: tf.Tensor; count: tf.Tensor } => {
    const oneHot = tf.oneHot(classIds, classes, 1, 0, 'float32');
    if (activeClassIds === undefined) return { truth: oneHot, count: tf.scalar(classIds.size) };
    const active = tf.gather(tf.gather(activeClassIds, 0), tf.argMax(logits, 2));
    const counted = tf.cast(active, 'float32');
    return { truth: tf.mul(oneHot, counted.expandDims(2)), count: tf.sum(counted) };
  });
  return meanOver(tf.neg(tf.sum(tf.mul(tf.logSoftmax(logits), truth))), count);
}

/**
 * Smooth L1 over the deltas of the true class of the positives.
 * @param targets `[B, P, 4]`  @param classIds `[B, P]` int32  @param deltas `[B, P, classes, 4]`
 */
export function mrcnnBboxLoss(
  targets: tf.Tensor3D,
  classIds: tf.Tensor2D,
  deltas: tf.Tensor4D,
): tf.Scalar {
  const { chosen, valid, count } = noTape(
    (): { chosen: tf.Tensor; valid: tf.Tensor; count: tf.Tensor } => {
      const positive = tf.cast(tf.greater(classIds, 0), 'float32');
      return {
        chosen: tf.oneHot(classIds, deltas.shape[2], 1, 0, 'float32').expandDims(3),
        valid: positive.expandDims(2),
        count: tf.mul(tf.sum(positive), 4),
      };
    },
  );
  const prediction = tf.sum(tf.mul(deltas, chosen), 2);
  return meanOver(tf.sum(tf.mul(smoothL1(targets, prediction), valid)), count);
}

/**
 * Binary cross entropy over the pixels of the positives, as Keras 2.2.4 has it: the probability is clipped
 * and turned into a logit again (`K.binary_crossentropy`).
 * @param targets `[B, P, h, w]`, 0 or 1  @param classIds `[B, P]` int32
 * @param probabilities `[B, P, h, w]` of the true class
 */
export function mrcnnMaskLoss(
  targets: tf.Tensor4D,
  classIds: tf.Tensor2D,
  probabilities: tf.Tensor4D,
): tf.Scalar {
  const [batch, slots, height, width] = targets.shape;
  const { valid, count } = noTape((): { valid: tf.Tensor; count: tf.Tensor } => {
    const positive = tf.cast(tf.greater(classIds, 0), 'float32');
    return {
      valid: positive.reshape([batch, slots, 1, 1]),
      count: tf.mul(tf.sum(positive), height * width),
    };
  });
  const clipped = tf.clipByValue(probabilities, PROBABILITY_EPSILON, 1 - PROBABILITY_EPSILON);
  const logits = tf.log(tf.div(clipped, tf.sub(1, clipped)));
  const linear = tf.sub(tf.relu(logits), tf.mul(logits, targets));
  const entropy = tf.add(linear, tf.log1p(tf.exp(tf.neg(tf.abs(logits)))));
  return meanOver(tf.sum(tf.mul(entropy, valid)), count);
}

/** `sum / count`, 0 when nothing was counted (then `sum` is 0 too). */
function meanOver(sum: tf.Tensor, count: tf.Tensor): tf.Scalar {
  return tf.div(
    sum,
    noTape(() => tf.maximum(count, 1)),
  );
}

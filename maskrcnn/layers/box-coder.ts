/**
 * Boxes as tensors: deltas to boxes and back, overlap, clipping. `apply_box_deltas_graph`,
 * `box_refinement_graph`, `overlaps_graph` and `clip_boxes_graph` of the reference. Every box tensor is
 * `[N, (y1, x1, y2, x2)]`, every delta tensor `[N, (dy, dx, log dh, log dw)]`.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';

type Columns = [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];

/** Moves and scales `boxes` by `deltas` (already multiplied by their standard deviations). */
export function applyDeltas(boxes: tf.Tensor2D, deltas: tf.Tensor2D): tf.Tensor2D {
  const { height, width, centerY, centerX } = measures(boxes);
  const [dy, dx, logHeight, logWidth] = columns(deltas);
  const newHeight = tf.mul(height, tf.exp(logHeight));
  const newWidth = tf.mul(width, tf.exp(logWidth));
  const y1 = tf.sub(tf.add(centerY, tf.mul(dy, height)), tf.mul(newHeight, 0.5));
  const x1 = tf.sub(tf.add(centerX, tf.mul(dx, width)), tf.mul(newWidth, 0.5));
  return tf.concat2d([y1, x1, tf.add(y1, newHeight), tf.add(x1, newWidth)] as Columns, 1);
}

/** The deltas that turn `boxes` into `gtBoxes`; both must have an area. */
export function boxDeltas(boxes: tf.Tensor2D, gtBoxes: tf.Tensor2D): tf.Tensor2D {
  const from = measures(boxes);
  const to = measures(gtBoxes);
  return tf.concat2d(
    [
      tf.div(tf.sub(to.centerY, from.centerY), from.height),
      tf.div(tf.sub(to.centerX, from.centerX), from.width),
      tf.log(tf.div(to.height, from.height)),
      tf.log(tf.div(to.width, from.width)),
    ] as Columns,
    1,
  );
}

/** Clips `boxes` to `window`, `[4]` or `[N, 4]`. */
export function clipBoxes(boxes: tf.Tensor2D, window: tf.Tensor): tf.Tensor2D {
  const [wy1, wx1, wy2, wx2] = columns(window.reshape<tf.Tensor2D>([-1, 4]));
  const [y1, x1, y2, x2] = columns(boxes);
  const clipY = (y: tf.Tensor2D) => tf.maximum<tf.Tensor2D>(tf.minimum(y, wy2), wy1);
  const clipX = (x: tf.Tensor2D) => tf.maximum<tf.Tensor2D>(tf.minimum(x, wx2), wx1);
  return tf.concat2d([clipY(y1), clipX(x1), clipY(y2), clipX(x2)], 1);
}

/** Intersection over union of every box with every other: `[N, 4]`, `[M, 4]` → `[N, M]`, 0 for empty boxes. */
export function boxOverlaps(boxes: tf.Tensor2D, others: tf.Tensor2D): tf.Tensor2D {
  const [y1, x1, y2, x2] = columns(boxes);
  const [v1, u1, v2, u2] = tf.split(tf.transpose(others), 4, 0) as Columns;
  const height = tf.relu(tf.sub(tf.minimum(y2, v2), tf.maximum(y1, v1)));
  const width = tf.relu(tf.sub(tf.minimum(x2, u2), tf.maximum(x1, u1)));
  const intersection = tf.mul(height, width);
  const area = tf.mul(tf.sub(y2, y1), tf.sub(x2, x1));
  const otherArea = tf.mul(tf.sub(v2, v1), tf.sub(u2, u1));
  const union = tf.sub(tf.add(area, otherArea), intersection);
  // The smallest union of real boxes is a pixel's share of the image: far above this guard against 0 / 0.
  return tf.div(intersection, tf.maximum(union, 1e-12));
}

/** Is each of `boxes` more than zero padding? `[N]` bool; the reference's `trim_zeros_graph`. */
export function isBox(boxes: tf.Tensor2D): tf.Tensor1D {
  return tf.greater(tf.sum(tf.abs(boxes), 1), 0);
}

function columns(boxes: tf.Tensor2D): Columns {
  return tf.split(boxes, 4, 1) as Columns;
}

function measures(boxes: tf.Tensor2D) {
  const [y1, x1, y2, x2] = columns(boxes);
  const height = tf.sub<tf.Tensor2D>(y2, y1);
  const width = tf.sub<tf.Tensor2D>(x2, x1);
  return {
    height,
    width,
    centerY: tf.add<tf.Tensor2D>(y1, tf.mul(height, 0.5)),
    centerX: tf.add<tf.Tensor2D>(x1, tf.mul(width, 0.5)),
  };
}

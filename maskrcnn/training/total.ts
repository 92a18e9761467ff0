/** Sums whose last bit is the same in every run. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { rawOp } from '../layers/raw-op.ts';

/**
 * The sum of at least one scalar. `tf.addN` begins with whichever term's memory is free first, so its
 * rounding varies from run to run; a reduction over one tensor does not.
 */
export function total(scalars: readonly tf.Scalar[]): tf.Scalar {
  return tf.sum(tf.stack([...scalars]));
}

/** Of `x`'s elements, float32, in one pass over them; off the tape. */
export function sumOfSquares(x: tf.Tensor): tf.Scalar {
  return tf.tidy(() =>
    tf.mul(rawOp({ op: 'L2Loss', attributes: { T: 'float32' }, inputs: [x] }), 2),
  );
}

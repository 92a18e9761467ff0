/**
 * Matterport's weight decay: `weightDecay * sum(w^2) / size(w)` for every trained weight but gamma and
 * beta (a mean, and biases too; parity note 3). Its gradient is written out, which saves passes over all
 * weights.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { ParameterSpec } from '../parameters.ts';

export interface L2Options {
  readonly spec: ParameterSpec;
  readonly weight: tf.Tensor;
  readonly weightDecay: number;
}

/** The penalty of one weight, a scalar. */
export function l2Penalty({ weight, weightDecay }: L2Options): tf.Scalar {
  return tf.mul(tf.sum(tf.square(weight)), weightDecay / weight.size);
}

/** `gradient` plus the gradient of the penalty, for a weight that is regularized. */
export function addL2Gradient(
  gradient: tf.Tensor,
  { spec, weight, weightDecay }: L2Options,
): tf.Tensor {
  if (!spec.regularized || weightDecay === 0) return gradient;
  return tf.add(gradient, tf.mul(weight, (2 * weightDecay) / weight.size));
}

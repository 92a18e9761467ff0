/**
 * Stochastic gradient descent with momentum, clipped by the global norm of all gradients together: what
 * `SGD(lr, momentum, clipnorm)` does in Keras 2.2.4. In tf.keras clipnorm is that of each gradient by
 * itself (parity note 2): `gradientClipMode` "variable".
 * The velocity holds the learning rate: `v = momentum v - rate g`, `w = w + v`.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { sumOfSquares, total } from './total.ts';

/** Euclidean norm of all `gradients` together, a scalar. */
export function globalNorm(gradients: readonly tf.Tensor[]): tf.Scalar {
  return tf.sqrt(total(gradients.map(sumOfSquares)));
}

/** The factor that brings `norm` down to `limit`: 1 below it, and always when `limit` is 0. */
export function clipFactor(norm: tf.Scalar, limit: number): tf.Scalar {
  return limit === 0 ? tf.scalar(1) : tf.minimum(tf.div(limit, norm), 1);
}

export type ClipOptions = Pick<MaskRcnnConfig, 'gradientClipMode' | 'gradientClipNorm'> & {
  /** Of all gradients together. */
  readonly norm: tf.Scalar;
};

/** The factor of each of `gradients`: one for all, or each its own. */
export function clipFactors(
  gradients: readonly tf.Tensor[],
  { gradientClipMode, gradientClipNorm, norm }: ClipOptions,
): readonly tf.Scalar[] {
  const shared = clipFactor(norm, gradientClipNorm);
  if (gradientClipMode === 'global' || gradientClipNorm === 0) return gradients.map(() => shared);
  return gradients.map((gradient) => clipFactor(globalNorm([gradient]), gradientClipNorm));
}

export interface MomentumUpdate {
  readonly weight: tf.Tensor;
  readonly velocity: tf.Tensor;
  readonly gradient: tf.Tensor;
  /** Scalar: learning rate times clip factor. */
  readonly rate: tf.Scalar;
  readonly momentum: number;
}

/** The next weight and velocity. */
export function momentumUpdate({ weight, velocity, gradient, rate, momentum }: MomentumUpdate): {
  weight: tf.Tensor;
  velocity: tf.Tensor;
} {
  const next = tf.sub(tf.mul(velocity, momentum), tf.mul(gradient, rate));
  return { weight: tf.add(weight, next), velocity: next };
}

/**
 * Batch norm over the last axis, as Matterport's `BatchNorm` (Keras 2.2.4, epsilon 1e-3).
 * gamma and beta are trained whichever statistics are used (parity note 4).
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { ForwardPass } from './forward-pass.ts';
import { noTape } from './no-tape.ts';

const EPSILON = 1e-3;

/** Scale and shift `[C]` of a layer with bias followed by batch norm with its stored statistics. */
export function affineOfMovingStatistics(
  pass: ForwardPass,
  { layer, norm }: { readonly layer: string; readonly norm: string },
): { scale: tf.Tensor; shift: tf.Tensor } {
  const deviation = tf.rsqrt(tf.add(pass.weight(`${norm}/moving_variance`), EPSILON));
  const scale = tf.mul(pass.weight(`${norm}/gamma`), deviation);
  const centred = tf.sub(pass.weight(`${layer}/bias`), pass.weight(`${norm}/moving_mean`));
  return { scale, shift: tf.add(pass.weight(`${norm}/beta`), tf.mul(centred, scale)) };
}

/**
 * Normalises `x [..., C]` by its own mean and variance, and notes the new moving statistics where the
 * layer is trained. The variance that enters the average is the unbiased one, as in Keras.
 */
export function normaliseByBatch<T extends tf.Tensor>(pass: ForwardPass, norm: string, x: T): T {
  const axes = x.shape.slice(0, -1).map((_, axis) => axis);
  const { mean, variance } = tf.moments(x, axes);
  const scale = tf.mul(pass.weight(`${norm}/gamma`), tf.rsqrt(tf.add(variance, EPSILON)));
  const shift = tf.sub(pass.weight(`${norm}/beta`), tf.mul(mean, scale));
  if (pass.trains(`${norm}/`)) {
    const samples = x.size / mean.size;
    const unbiased = tf.mul(variance, samples / Math.max(samples - (1 + EPSILON), 1));
    noteAverage(pass, `${norm}/moving_mean`, mean);
    noteAverage(pass, `${norm}/moving_variance`, unbiased);
  }
  return tf.add(tf.mul(x, scale), shift);
}

function noteAverage(pass: ForwardPass, name: string, value: tf.Tensor): void {
  const average = pass.weight(name);
  // Kept, since the gradient's own tidy scope would free it before the train step can return it.
  const { normMomentum } = pass;
  const next = noTape(() => tf.add(tf.mul(average, normMomentum), tf.mul(value, 1 - normMomentum)));
  pass.movingStatistics.set(average, tf.keep(next));
}

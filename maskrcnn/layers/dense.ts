/**
 * Fully connected layers on rows of features. Matterport writes the two hidden layers of the class head
 * as convolutions over the whole RoI (7x7 valid, then 1x1); on `[N, 7, 7, C]` that is a matrix product.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { normaliseByChannel } from './batch-norm.ts';
import { normaliseByGroup } from './group-norm.ts';
import type { ForwardPass } from './forward-pass.ts';

/** `x [N, in] kernel + bias`; any kernel whose last axis is `out` is read as `[in, out]`. */
export function dense(pass: ForwardPass, layer: string, x: tf.Tensor2D): tf.Tensor2D {
  return tf.add(product(pass, layer, x), pass.weight(`${layer}/bias`));
}

/** A dense layer with bias, then its norm. */
export function denseNorm(
  pass: ForwardPass,
  names: { readonly layer: string; readonly norm: string },
  x: tf.Tensor2D,
): tf.Tensor2D {
  const y = product(pass, names.layer, x);
  return pass.statisticsOf(names.norm) === 'group'
    ? normaliseByGroup(pass, names, y)
    : normaliseByChannel(pass, names.norm, y, pass.weight(`${names.layer}/bias`));
}

function product(pass: ForwardPass, layer: string, x: tf.Tensor2D): tf.Tensor2D {
  const kernel = pass.weight(`${layer}/kernel`);
  const inputs = x.shape[1];
  return tf.matMul(x, tf.reshape(kernel, [inputs, kernel.size / inputs]));
}

/**
 * Convolutions by layer name, NHWC, as Keras' `Conv2D` and `Conv2DTranspose` (with their bias), and the
 * pair "convolution, norm" of which ResNet and the heads are made.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { normaliseByChannel } from './batch-norm.ts';
import { normaliseByGroup } from './group-norm.ts';
import type { ForwardPass } from './forward-pass.ts';

export interface ConvolutionOptions {
  readonly stride?: number;
  readonly padding?: 'same' | 'valid';
}

/** `x [N, H, W, C] * kernel + bias`. */
export function convolution(
  pass: ForwardPass,
  layer: string,
  x: tf.Tensor4D,
  { stride = 1, padding = 'same' }: ConvolutionOptions = {},
): tf.Tensor4D {
  return tf.add(tf.conv2d(x, kernelOf(pass, layer), stride, padding), biasOf(pass, layer));
}

/** A convolution with bias, then its norm. */
export function convolutionNorm(
  pass: ForwardPass,
  names: { readonly layer: string; readonly norm: string },
  x: tf.Tensor4D,
  { stride = 1, padding = 'same' }: ConvolutionOptions = {},
): tf.Tensor4D {
  const y = tf.conv2d(x, kernelOf(pass, names.layer), stride, padding);
  return pass.statisticsOf(names.norm) === 'group'
    ? normaliseByGroup(pass, names, y)
    : normaliseByChannel(pass, names.norm, y, biasOf(pass, names.layer));
}

/** Transposed convolution without overlap: kernel `[s, s, out, in]`, stride `s`, `[N, sH, sW, out]`. */
export function upConvolution(pass: ForwardPass, layer: string, x: tf.Tensor4D): tf.Tensor4D {
  const kernel = kernelOf(pass, layer);
  const [stride, , channels] = kernel.shape;
  const [n, height, width] = x.shape;
  const y = tf.conv2dTranspose(
    x,
    kernel,
    [n, height * stride, width * stride, channels],
    stride,
    'valid',
  );
  return tf.add(y, biasOf(pass, layer));
}

function kernelOf(pass: ForwardPass, layer: string): tf.Tensor4D {
  return pass.weight(`${layer}/kernel`) as tf.Tensor4D;
}

function biasOf(pass: ForwardPass, layer: string): tf.Tensor {
  return pass.weight(`${layer}/bias`);
}

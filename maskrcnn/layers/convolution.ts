/**
 * Convolutions by layer name, NHWC, as Keras' `Conv2D` and `Conv2DTranspose` (with their bias), and the
 * pair "convolution, norm" of which ResNet and the heads are made.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { affineOfMovingStatistics, normaliseByBatch } from './batch-norm.ts';
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

/**
 * A convolution with bias, then its norm. With stored statistics both are one affine map a channel,
 * `(x * kernel) scale + shift`, and `scale` is multiplied into whichever is smaller: the kernel or the
 * output. The value and the gradients of kernel, bias, gamma and beta are those of the two layers.
 */
export function convolutionNorm(
  pass: ForwardPass,
  names: { readonly layer: string; readonly norm: string },
  x: tf.Tensor4D,
  { stride = 1, padding = 'same' }: ConvolutionOptions = {},
): tf.Tensor4D {
  const kernel = kernelOf(pass, names.layer);
  const statistics = pass.statisticsOf(names.norm);
  if (statistics === 'group') {
    return normaliseByGroup(pass, names, tf.conv2d(x, kernel, stride, padding));
  }
  if (statistics === 'batch') {
    return normaliseByBatch(
      pass,
      names.norm,
      convolution(pass, names.layer, x, { stride, padding }),
    );
  }
  const { scale, shift } = affineOfMovingStatistics(pass, names);
  const outputSize = (x.size / (x.shape[3] * stride * stride)) * kernel.shape[3];
  if (kernel.size < outputSize) {
    return tf.add(tf.conv2d(x, tf.mul(kernel, scale), stride, padding), shift);
  }
  return tf.add(tf.mul(tf.conv2d(x, kernel, stride, padding), scale), shift);
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
  return pass.weight(`${layer}/kernel`) as tf.Tensor as tf.Tensor4D;
}

function biasOf(pass: ForwardPass, layer: string): tf.Tensor {
  return pass.weight(`${layer}/bias`);
}

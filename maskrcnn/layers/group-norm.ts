/**
 * Group norm over the last axis (Wu & He, "Group Normalization", 2018): each image by itself, over groups
 * of neighbouring channels and all positions. No statistics are kept, so that training and inference are
 * one function. Epsilon is the paper's (Keras' 1e-3 would outweigh the variance of a quiet group).
 *
 * The bias of the layer before is folded in, and the gradient is written out over sums by image and
 * channel: five passes over the activations forwards and seven backwards, where TensorFlow.js would tape
 * some thirty.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { ForwardPass } from './forward-pass.ts';

const EPSILON = 1e-5;

export interface GroupNormOptions {
  /** Of the layer that made `x`, `[C]`; added before the norm. */
  readonly bias: tf.Tensor;
  /** `[C]` */
  readonly gamma: tf.Tensor;
  /** `[C]` */
  readonly beta: tf.Tensor;
  /** Divides C. */
  readonly groups: number;
}

/** `x [N, …, C]` → the same shape: `x + bias`, normalised, times gamma, plus beta. */
export function groupNorm<T extends tf.Tensor>(
  x: T,
  { bias, gamma, beta, groups }: GroupNormOptions,
): T {
  const normalise = tf.customGrad((...given) => {
    const [input, b, g, shift, save] = given as [...Inputs, tf.GradSaveFunc];
    const { value, channelMeans, centre, deviation } = forward([input, b, g, shift], groups);
    save([input, g, channelMeans, centre, deviation]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        backward(dy, saved as unknown as Saved, groups),
    };
  });
  const [images = 1] = x.shape;
  return tf.tidy(() => {
    const flat = tf.reshape(x, [images, -1, gamma.size]);
    return tf.reshape(normalise(flat, bias, gamma, beta), x.shape) as T;
  });
}

/** Normalises what a layer gave before its bias, `[N, …, C]`; the weights are those of the two layers. */
export function normaliseByGroup<T extends tf.Tensor>(
  pass: ForwardPass,
  { layer, norm }: { readonly layer: string; readonly norm: string },
  x: T,
): T {
  return groupNorm(x, {
    bias: pass.weight(`${layer}/bias`),
    gamma: pass.weight(`${norm}/gamma`),
    beta: pass.weight(`${norm}/beta`),
    groups: pass.normGroups,
  });
}

/** `x [N, P, C]`, bias, gamma and beta `[C]`. */
type Inputs = [x: tf.Tensor, bias: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor];

/** `x` and gamma; the means of `x` by channel, what is taken from `x`, and one over its deviation, `[N, C]`. */
type Saved = readonly [
  x: tf.Tensor,
  gamma: tf.Tensor,
  channelMeans: tf.Tensor,
  centre: tf.Tensor,
  deviation: tf.Tensor,
];

function forward([x, bias, gamma, beta]: Inputs, groups: number) {
  const channelMeans = tf.mean(x, 1);
  const centre = tf.sub(groupMeans(tf.add(channelMeans, bias), groups), bias);
  const squares = tf.squaredDifference(x, tf.expandDims(centre, 1));
  const variance = groupMeans(tf.mean(squares, 1), groups);
  const deviation = tf.rsqrt(tf.add(variance, EPSILON));
  const scale = tf.mul(gamma, deviation);
  const shift = tf.sub(beta, tf.mul(centre, scale));
  const value = tf.add(tf.mul(x, tf.expandDims(scale, 1)), tf.expandDims(shift, 1));
  return { value, channelMeans, centre, deviation };
}

/**
 * With `n = (x - centre) deviation` and `E` the mean over a group:
 * `dx = deviation (dy gamma - E[dy gamma] - n E[dy gamma n])`, which is `dy scale - x slope + offset`.
 */
function backward(
  dy: tf.Tensor,
  [x, gamma, channelMeans, centre, deviation]: Saved,
  groups: number,
): tf.Tensor[] {
  const positions = x.shape[1] ?? 1;
  const sum = tf.sum(dy, 1);
  const sumOfNormalised = tf.mul(tf.sub(tf.sum(tf.mul(dy, x), 1), tf.mul(centre, sum)), deviation);
  const mean = (sums: tf.Tensor) => tf.div(groupMeans(tf.mul(sums, gamma), groups), positions);
  const scale = tf.mul(gamma, deviation);
  const slope = tf.mul(tf.square(deviation), mean(sumOfNormalised));
  const offset = tf.sub(tf.mul(centre, slope), tf.mul(deviation, mean(sum)));
  const dx = tf.add(
    tf.sub(tf.mul(dy, tf.expandDims(scale, 1)), tf.mul(x, tf.expandDims(slope, 1))),
    tf.expandDims(offset, 1),
  );
  // The sum of dx over the positions, from the sums that are there already.
  const sumOfDx = tf.add(
    tf.mul(sum, scale),
    tf.mul(tf.sub(offset, tf.mul(channelMeans, slope)), positions),
  );
  return [dx, tf.sum(sumOfDx, 0), tf.sum(sumOfNormalised, 0), tf.sum(sum, 0)];
}

/** `[N, C]` → the mean over each channel's group, at each of its channels. */
function groupMeans(values: tf.Tensor, groups: number): tf.Tensor {
  const [images = 1, channels = 1] = values.shape;
  const size = channels / groups;
  const means = tf.mean(tf.reshape(values, [images, groups, size]), 2, true);
  return tf.reshape(tf.tile(means, [1, 1, size]), [images, channels]);
}

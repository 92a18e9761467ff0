/**
 * Batch norm over the last axis, as Matterport's `BatchNorm` (Keras 2.2.4, epsilon 1e-3), by the fused ops
 * that Keras runs: equal in their rounding, and one pass forward and one back where TensorFlow.js composes
 * a dozen. gamma and beta are trained whichever statistics are used (parity note 4).
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { ForwardPass } from './forward-pass.ts';
import { noTape } from './no-tape.ts';
import { rawOutputs } from './raw-op.ts';

const EPSILON = 1e-3;

/** Normalises `x [..., C]` by the statistics that the pass wants of this layer. */
export function normaliseByChannel<T extends tf.Tensor>(pass: ForwardPass, norm: string, x: T): T {
  const channels = x.shape.at(-1) ?? 1;
  // The fused ops know images only.
  const image = x.rank === 4 ? x : x.reshape([x.size / channels, 1, 1, channels]);
  const y =
    pass.statisticsOf(norm) === 'batch' ? byBatch(pass, norm, image) : byMoving(pass, norm, image);
  return (x.rank === 4 ? y : y.reshape(x.shape)) as T;
}

function byMoving(pass: ForwardPass, norm: string, x: tf.Tensor): tf.Tensor {
  const mean = pass.weight(`${norm}/moving_mean`);
  const variance = pass.weight(`${norm}/moving_variance`);
  const [gamma, beta] = [pass.weight(`${norm}/gamma`), pass.weight(`${norm}/beta`)];
  const normalise = tf.customGrad((...args) => {
    const [input, scale, offset, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const { y, reserved } = forward([input, scale, offset, mean, variance], false);
    save([input, scale, reserved]);
    const gradFunc = (dy: tf.Tensor, [values, factor, space]: tf.Tensor[]) =>
      backward([dy, values, factor, mean, variance, space] as tf.Tensor[], false);
    return { value: y, gradFunc };
  });
  return normalise(x, gamma, beta);
}

/** Notes the new moving statistics where the layer is trained. */
function byBatch(pass: ForwardPass, norm: string, x: tf.Tensor): tf.Tensor {
  const [gamma, beta] = [pass.weight(`${norm}/gamma`), pass.weight(`${norm}/beta`)];
  const normalise = tf.customGrad((...args) => {
    const [input, scale, offset, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const none = tf.tensor1d([]);
    const { y, mean, variance, reserves, reserved } = forward(
      [input, scale, offset, none, none],
      true,
    );
    if (pass.trains(`${norm}/`))
      noteStatistics(pass, norm, { mean, variance, samples: x.size / mean.size });
    save([input, scale, ...reserves, reserved]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]) => backward([dy, ...saved], true);
    return { value: y, gradFunc };
  });
  return normalise(x, gamma, beta);
}

interface FusedOutput {
  readonly y: tf.Tensor;
  readonly mean: tf.Tensor;
  /** Unbiased. */
  readonly variance: tf.Tensor;
  /** What the gradient wants of mean and variance. */
  readonly reserves: readonly tf.Tensor[];
  readonly reserved: tf.Tensor;
}

const ATTRIBUTES = { T: 'float32', U: 'float32', epsilon: EPSILON, data_format: 'NHWC' } as const;

/** `inputs`: x, gamma, beta, mean, variance. */
function forward(inputs: readonly tf.Tensor[], training: boolean): FusedOutput {
  const attributes = { ...ATTRIBUTES, exponential_avg_factor: 1, is_training: training };
  const outputs = rawOutputs({ op: 'FusedBatchNormV3', attributes, inputs }, 6);
  const [y, mean, variance, ...rest] = outputs as [tf.Tensor, tf.Tensor, tf.Tensor, ...tf.Tensor[]];
  return { y, mean, variance, reserves: rest.slice(0, 2), reserved: rest[2] as tf.Tensor };
}

/** Gradients of x, gamma and beta. `inputs`: dy, x, gamma, and the three that the forward op reserved. */
function backward(inputs: readonly tf.Tensor[], training: boolean): tf.Tensor[] {
  const attributes = { ...ATTRIBUTES, is_training: training };
  return rawOutputs({ op: 'FusedBatchNormGradV3', attributes, inputs }, 5).slice(0, 3);
}

/**
 * The average takes an unbiased variance, which Keras 2.2.4 corrects once more
 * (`BatchNormalization.call`: n / (n - 1 - epsilon)).
 */
function noteStatistics(
  pass: ForwardPass,
  norm: string,
  { mean, variance, samples }: { mean: tf.Tensor; variance: tf.Tensor; samples: number },
): void {
  const correction = samples / Math.max(samples - (1 + EPSILON), 1);
  noteAverage(pass, `${norm}/moving_mean`, mean);
  noteAverage(
    pass,
    `${norm}/moving_variance`,
    noTape(() => tf.mul(variance, correction)),
  );
}

function noteAverage(pass: ForwardPass, name: string, value: tf.Tensor): void {
  const average = pass.weight(name);
  // Kept, since the gradient's own tidy scope would free it before the train step can return it.
  const { normMomentum } = pass;
  const next = noTape(() => tf.add(tf.mul(average, normMomentum), tf.mul(value, 1 - normMomentum)));
  pass.movingStatistics.set(average, tf.keep(next));
}

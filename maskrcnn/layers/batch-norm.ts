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

const ATTRIBUTES = { T: 'float32', U: 'float32', epsilon: EPSILON, data_format: 'NHWC' } as const;

/**
 * Normalises `x [..., C]`, or `x + bias`, by the statistics that the pass wants of this layer, and notes the
 * new moving statistics where those are the batch's and the layer is trained.
 *
 * Stored statistics take the bias into their mean: `x + bias - mean = x - (mean - bias)`, and its gradient is
 * beta's times the scale, where it would be one more pass over the gradient of x.
 */
export function normaliseByChannel<T extends tf.Tensor>(
  pass: ForwardPass,
  norm: string,
  x: T,
  bias?: tf.Tensor,
): T {
  const channels = x.shape.at(-1) ?? 1;
  const weights = [pass.weight(`${norm}/gamma`), pass.weight(`${norm}/beta`)];
  const byBatch = pass.statisticsOf(norm) === 'batch';
  const biased = byBatch && bias !== undefined ? tf.add(x, bias) : x;
  // The fused ops know images only.
  const image = x.rank === 4 ? biased : biased.reshape([x.size / channels, 1, 1, channels]);
  const y = byBatch
    ? byBatchStatistics(pass, norm)(image, ...weights)
    : byMovingStatistics(pass, norm)(image, ...weights, ...(bias === undefined ? [] : [bias]));
  return (x.rank === 4 ? y : y.reshape(x.shape)) as T;
}

type Normalisation = (image: tf.Tensor, ...weights: tf.Tensor[]) => tf.Tensor;

function byBatchStatistics(pass: ForwardPass, norm: string): Normalisation {
  return tf.customGrad((...args) => {
    const [input, gamma, beta, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const none = [tf.tensor1d([]), tf.tensor1d([])];
    const { y, mean, variance, reserved } = fusedNorm([input, gamma, beta, ...none], true);
    if (pass.trains(`${norm}/`)) {
      const samples = input.size / gamma.size;
      noteStatistics(pass, norm, { mean, variance, samples });
    }
    save([input, gamma, ...reserved]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => fusedGradients([dy, ...saved], true),
    };
  });
}

function byMovingStatistics(pass: ForwardPass, norm: string): Normalisation {
  return tf.customGrad((...args) => {
    const [input, gamma, beta, ...rest] = args as tf.Tensor[] as [tf.Tensor, tf.Tensor, tf.Tensor];
    const save = args.at(-1) as tf.GradSaveFunc;
    const [bias] = rest.slice(0, -1) as tf.Tensor[];
    const [mean, variance] = movingStatistics(pass, norm);
    const centre = bias === undefined ? mean : tf.sub(mean, bias);
    const { y, reserved } = fusedNorm([input, gamma, beta, centre, variance], false);
    // The op reserves the batch's statistics for its gradient; those that it was given it leaves to us.
    save([input, gamma, centre, variance, reserved[2]]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [dx, dGamma, dBeta] = fusedGradients([dy, ...saved], false);
        if (bias === undefined) return [dx, dGamma, dBeta];
        const [, scale, , spread] = saved as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
        const factor = tf.mul(scale, tf.rsqrt(tf.add(spread, EPSILON)));
        return [dx, dGamma, dBeta, tf.mul(dBeta, factor)];
      },
    };
  });
}

/** `inputs`: x, gamma, beta, mean, variance. */
function fusedNorm(inputs: tf.Tensor[], byBatch: boolean) {
  const attributes = { ...ATTRIBUTES, exponential_avg_factor: 1, is_training: byBatch };
  const outputs = rawOutputs({ op: 'FusedBatchNormV3', attributes, inputs }, 6);
  const [y, mean, variance, ...reserved] = outputs as [
    tf.Tensor,
    tf.Tensor,
    tf.Tensor,
    ...Reserved,
  ];
  return { y, mean, variance, reserved };
}

type Reserved = [tf.Tensor, tf.Tensor, tf.Tensor];

/** Of x, gamma and beta. `inputs`: dy, x, gamma, mean, variance, and what the forward op reserved. */
function fusedGradients(inputs: tf.Tensor[], byBatch: boolean): [tf.Tensor, tf.Tensor, tf.Tensor] {
  const attributes = { ...ATTRIBUTES, is_training: byBatch };
  const outputs = rawOutputs({ op: 'FusedBatchNormGradV3', attributes, inputs }, 5);
  return outputs.slice(0, 3) as [tf.Tensor, tf.Tensor, tf.Tensor];
}

function movingStatistics(pass: ForwardPass, norm: string): [tf.Tensor, tf.Tensor] {
  return [pass.weight(`${norm}/moving_mean`), pass.weight(`${norm}/moving_variance`)];
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
  pass.movingStatistics.set(name, tf.keep(next));
}

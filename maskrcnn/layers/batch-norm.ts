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
 * Normalises `x [..., C]` by the statistics that the pass wants of this layer, and notes the new moving
 * statistics where those are the batch's and the layer is trained.
 */
export function normaliseByChannel<T extends tf.Tensor>(pass: ForwardPass, norm: string, x: T): T {
  const channels = x.shape.at(-1) ?? 1;
  const [gamma, beta] = [pass.weight(`${norm}/gamma`), pass.weight(`${norm}/beta`)];
  const byBatch = pass.statisticsOf(norm) === 'batch';
  const normalise = tf.customGrad((...args) => {
    const [input, scale, offset, save] = args as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const stored = byBatch ? [tf.tensor1d([]), tf.tensor1d([])] : movingStatistics(pass, norm);
    const [y, mean, variance, ...reserved] = rawOutputs(
      {
        op: 'FusedBatchNormV3',
        attributes: { ...ATTRIBUTES, exponential_avg_factor: 1, is_training: byBatch },
        inputs: [input, scale, offset, ...stored],
      },
      6,
    ) as [tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor, tf.Tensor];
    if (byBatch && pass.trains(`${norm}/`)) {
      noteStatistics(pass, norm, { mean, variance, samples: x.size / channels });
    }
    // The op reserves the batch's statistics for its gradient; those that it was given it leaves to us.
    save([input, scale, ...(byBatch ? reserved.slice(0, 2) : stored), reserved[2]]);
    return {
      value: y,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradients(dy, saved, byBatch),
    };
  });
  // The fused ops know images only.
  const image = x.rank === 4 ? x : x.reshape([x.size / channels, 1, 1, channels]);
  const y = normalise(image, gamma, beta);
  return (x.rank === 4 ? y : y.reshape(x.shape)) as T;
}

/** Of x, gamma and beta. `saved`: x, gamma, mean, variance, and what the forward op reserved. */
function gradients(dy: tf.Tensor, saved: readonly tf.Tensor[], byBatch: boolean): tf.Tensor[] {
  const attributes = { ...ATTRIBUTES, is_training: byBatch };
  const inputs = [dy, ...saved];
  return rawOutputs({ op: 'FusedBatchNormGradV3', attributes, inputs }, 5).slice(0, 3);
}

function movingStatistics(pass: ForwardPass, norm: string): tf.Tensor[] {
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

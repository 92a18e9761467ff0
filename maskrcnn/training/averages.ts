/**
 * Exponential moving averages of the weights (Polyak averaging; `tf.train.ExponentialMovingAverage` with
 * `num_updates`). The average keeps `min(emaDecay, (1 + n) / (10 + n))` of itself at the n-th step, so
 * that the first weights are forgotten soon.
 *
 * Averaged is every weight of a trained layer, the moving statistics of batch norm included: means and
 * variances of other weights than those averaged would not fit them.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { Parameters, ParameterSpec } from '../parameters.ts';

/** The weights that training `trainable` averages, in Keras' order. */
export function averagedParameters(
  specs: readonly ParameterSpec[],
  trainable: readonly ParameterSpec[],
): readonly ParameterSpec[] {
  const layers = new Set(trainable.map(({ layer }) => layer));
  return specs.filter(({ layer }) => layers.has(layer));
}

/** What the averages keep of themselves at a step, after `step` steps. A scalar. */
export function averageDecay(step: tf.Tensor, emaDecay: number): tf.Scalar {
  return tf.minimum(tf.div(tf.add(step, 1), tf.add(step, 10)), emaDecay);
}

/** `average + (1 - decay) (weight - average)`. */
export function nextAverage(average: tf.Tensor, weight: tf.Tensor, decay: tf.Scalar): tf.Tensor {
  return tf.add(average, tf.mul(tf.sub(weight, average), tf.sub(1, decay)));
}

/** The parameters with the averages in place of those that are averaged; owns nothing. */
export function averagedSource(
  parameters: Parameters,
  averages: ReadonlyMap<string, tf.Variable>,
): Pick<Parameters, 'specs' | 'norm' | 'get'> {
  const { specs, norm } = parameters;
  return {
    specs,
    norm,
    get: (name) => averages.get(name) ?? parameters.get(name),
  };
}

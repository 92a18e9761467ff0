/**
 * Matterport's weight decay: `weightDecay * sum(w^2) / size(w)` for every trained weight but gamma and
 * beta (a mean, and biases too; parity note 3). Its gradient is written out, which saves passes over all
 * weights.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import type { ParameterSpec, WeightSource } from '../parameters.ts';
import { sumOfSquares, total } from './total.ts';

export interface L2Options {
  readonly config: Pick<MaskRcnnConfig, 'optimizer' | 'weightDecay'>;
  readonly parameters: WeightSource;
}

/** The penalty of all weights together, a scalar; 0 with AdamW, which decays the weights themselves. */
export function l2Penalty(
  specs: readonly ParameterSpec[],
  { config, parameters }: L2Options,
): tf.Scalar {
  const penalties = specs
    .filter((spec) => coefficient(spec, config) > 0)
    .map((spec) =>
      tf.mul<tf.Scalar>(sumOfSquares(parameters.get(spec.name)), coefficient(spec, config)),
    );
  return penalties.length === 0 ? tf.scalar(0) : total(penalties);
}

/** `gradient` plus the gradient of the weight's penalty. */
export function addL2Gradient(
  gradient: tf.Tensor,
  { spec, config, parameters }: L2Options & { readonly spec: ParameterSpec },
): tf.Tensor {
  const share = coefficient(spec, config);
  return share === 0 ? gradient : tf.add(gradient, tf.mul(parameters.get(spec.name), 2 * share));
}

/** What the sum of the weight's squares is multiplied by. */
function coefficient(
  { regularized, shape }: ParameterSpec,
  { optimizer, weightDecay }: L2Options['config'],
): number {
  if (!regularized || optimizer === 'adamw') return 0;
  return weightDecay / shape.reduce((product, size) => product * size, 1);
}

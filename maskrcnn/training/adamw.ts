/**
 * AdamW (Loshchilov & Hutter, "Decoupled Weight Decay Regularization", 2019, algorithm 2), with the
 * learning rate on both terms as PyTorch and optax have it:
 *
 *     m = β₁ m + (1 - β₁) g,  v = β₂ v + (1 - β₂) g²
 *     w = w - rate (m / (1 - β₁ᵗ) / (√(v / (1 - β₂ᵗ)) + ε) + λ w)
 *
 * (tf.keras adds ε to √v before the correction, which differs in the first steps only.) `λ` is
 * `weightDecay` for the weights that Matterport regularises, else 0; there is no L2 term then.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';

export type AdamConfig = Pick<MaskRcnnConfig, 'adamBeta1' | 'adamBeta2' | 'adamEpsilon'>;

/** Scalars that all weights share in one step. */
export interface AdamScalars {
  /** `rate √(1 - β₂ᵗ) / (1 - β₁ᵗ)` */
  readonly rate: tf.Scalar;
  /** `ε √(1 - β₂ᵗ)` */
  readonly epsilon: tf.Scalar;
}

/** `step` counts from 1. */
export function adamScalars(
  { adamBeta1, adamBeta2, adamEpsilon }: AdamConfig,
  { rate, step }: { readonly rate: tf.Scalar; readonly step: tf.Tensor },
): AdamScalars {
  // 1 - βᵗ in float32 would lose half of its digits at the first steps.
  const rest = (beta: number) => tf.neg(tf.expm1(tf.mul(step, Math.log(beta))));
  const second = tf.sqrt(rest(adamBeta2));
  return {
    rate: tf.div(tf.mul(rate, second), rest(adamBeta1)),
    epsilon: tf.mul(second, adamEpsilon),
  };
}

export interface AdamUpdate {
  readonly weight: tf.Tensor;
  readonly m: tf.Tensor;
  readonly v: tf.Tensor;
  readonly gradient: tf.Tensor;
  readonly scalars: AdamScalars;
  readonly config: AdamConfig;
  /** Learning rate times λ; the share of the weight that decays. */
  readonly decay: tf.Scalar | undefined;
}

/** The next weight and moments. */
export function adamUpdate({ weight, gradient, scalars, config, decay, ...moments }: AdamUpdate): {
  weight: tf.Tensor;
  m: tf.Tensor;
  v: tf.Tensor;
} {
  const { adamBeta1, adamBeta2 } = config;
  const m = tf.add(tf.mul(moments.m, adamBeta1), tf.mul(gradient, 1 - adamBeta1));
  const v = tf.add(tf.mul(moments.v, adamBeta2), tf.mul(tf.square(gradient), 1 - adamBeta2));
  const change = tf.div(tf.mul(m, scalars.rate), tf.add(tf.sqrt(v), scalars.epsilon));
  const kept = decay === undefined ? weight : tf.mul(weight, tf.sub(1, decay));
  return { weight: tf.sub(kept, change), m, v };
}

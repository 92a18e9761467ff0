/** Two weights that stand for a model: one that decays and one that does not. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { maskRcnnConfigSchema, type MaskRcnnConfigInput } from '../../../maskrcnn/config.ts';
import type { ParameterSpec, WeightSource } from '../../../maskrcnn/parameters.ts';
import { applyGradients } from '../../../maskrcnn/training/apply-gradients.ts';
import { NamedVariables, slotSpecs } from '../../../maskrcnn/training/slots.ts';

const spec = (weight: 'kernel' | 'gamma', shape: readonly number[]): ParameterSpec => ({
  name: `layer/${weight}`,
  layer: 'layer',
  topLevelLayer: 'layer',
  weight,
  shape,
  trainable: true,
  regularized: weight === 'kernel',
  initializer: 'zeros',
});

/** `layer/kernel` decays (or has an L2 term), `layer/gamma` does not. */
export const smallSpecs = [spec('kernel', [2, 2]), spec('gamma', [3])] as const;

/** First values, and the gradients of five steps with their learning rates. */
export const smallExample = {
  weights: [
    [0.5, -1.5, 2, 0.25],
    [1, 1, 1],
  ],
  gradients: Array.from({ length: 5 }, (_, step) => [
    [0.3 * step - 0.5, 2, -0.001 * (step + 1), 0],
    [1 - step, 1e-4, 3],
  ]),
  rates: [0.001, 0.002, 0.003, 0.002, 0.0005],
} as const;

/** What the optimizer of `config` makes of the example: weights and averages after each step. */
export function runSmall(options: MaskRcnnConfigInput): {
  readonly weights: number[][];
  readonly averages: number[][];
  readonly slots: ReadonlyMap<string, number[]>;
} {
  const config = maskRcnnConfigSchema.parse(options);
  const initial = new Map(
    smallSpecs.map(({ name }, i) => [name, Float32Array.from(smallExample.weights[i] ?? [])]),
  );
  using weights = new NamedVariables(smallSpecs, initial);
  using averages = new NamedVariables(config.emaDecay === 0 ? [] : smallSpecs, initial);
  using slots = new NamedVariables(slotSpecs(config, smallSpecs));
  const source: WeightSource = {
    norm: config,
    get: (name) => weights.variables.get(name) as tf.Variable,
  };
  const after = { weights: [] as number[][], averages: [] as number[][] };
  smallExample.rates.forEach((rate, step) => {
    const learningRate = tf.scalar(rate);
    const gradients = smallSpecs.map(({ shape }, i) =>
      tf.tensor([...(smallExample.gradients[step]?.[i] ?? [])], [...shape]),
    );
    const { updates, gradientNorm } = applyGradients(
      {
        config,
        parameters: source,
        trainable: smallSpecs,
        slots: slots.variables,
        averages: averages.variables,
        learningRate,
      },
      { gradients, movingStatistics: new Map() },
    );
    for (const [variable, value] of updates) variable.assign(value);
    tf.dispose([learningRate, gradientNorm, ...gradients, ...updates.values()]);
    after.weights.push(flat(weights.variables));
    after.averages.push(flat(averages.variables));
  });
  const values = [...slots.variables].map(
    ([name, variable]) => [name, Array.from(variable.dataSync())] as const,
  );
  return { ...after, slots: new Map(values) };
}

function flat(variables: ReadonlyMap<string, tf.Variable>): number[] {
  return [...variables.values()].flatMap((variable) => Array.from(variable.dataSync()));
}

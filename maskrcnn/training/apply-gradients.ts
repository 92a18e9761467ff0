/**
 * Gradients → new values of weights, of the optimizer's slots and of the averages: L2 (SGD only), clipping,
 * the optimizer's rule, the moving average of the weights. Changes nothing: the caller assigns `updates`.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import type { ParameterSpec, WeightSource } from '../parameters.ts';
import { adamScalars, adamUpdate } from './adamw.ts';
import { averageDecay, nextAverage } from './averages.ts';
import { MissingSlotError } from './errors.ts';
import { addL2Gradient } from './l2.ts';
import { clipFactors, globalNorm, momentumUpdate } from './optimizer.ts';
import { slotName, STEP_SLOT, type SlotKind } from './slots.ts';

type ByName = ReadonlyMap<string, tf.Variable>;
type Updates = ReadonlyMap<tf.Variable, tf.Tensor>;

export interface OptimizerOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: WeightSource;
  /** What is trained (`trainableParameters`). */
  readonly trainable: readonly ParameterSpec[];
  /** The optimizer's state, by the names of `slotSpecs`. */
  readonly slots: ByName;
  /** Averages of the weights by parameter; empty where `emaDecay` is 0. */
  readonly averages: ByName;
  readonly learningRate: tf.Scalar;
}

export interface GradientsToApply {
  /** Of the losses without L2, in the order of `trainable`. */
  readonly gradients: readonly tf.Tensor[];
  /** New moving statistics of batch norm in this very step. */
  readonly movingStatistics: Updates;
}

export interface OptimizerResult {
  /** Global norm of all gradients, L2 included, before clipping. */
  readonly gradientNorm: tf.Scalar;
  /** New values of weights, moving statistics, slots and averages. The caller owns the tensors. */
  readonly updates: Updates;
}

export function applyGradients(
  options: OptimizerOptions,
  { gradients, movingStatistics }: GradientsToApply,
): OptimizerResult {
  const { config, parameters, trainable } = options;
  const slot = (name: string) => slotOf(options.slots, name);
  const { gradientNorm, updated, step, averages } = tf.tidy(() => {
    const regularized = trainable.map((spec, index) =>
      addL2Gradient(gradients[index] as tf.Tensor, { spec, parameters, config }),
    );
    const norm = globalNorm(regularized);
    const factors = clipFactors(regularized, { ...config, norm });
    const rule = config.optimizer === 'sgd' ? sgdRule(options) : adamRule(options);
    const results = trainable.map((spec, index) =>
      rule(spec, regularized[index] as tf.Tensor, factors[index] as tf.Scalar),
    );
    const counts = options.slots.has(STEP_SLOT);
    const weights = new Map<tf.Variable, tf.Tensor>(movingStatistics);
    trainable.forEach(({ name }, index) => {
      weights.set(parameters.get(name), (results[index] as Updated).weight);
    });
    return {
      gradientNorm: norm,
      updated: results,
      step: counts ? [tf.add(slot(STEP_SLOT), 1)] : [],
      averages: nextAverages(options, weights),
    };
  });
  const updates = new Map(movingStatistics);
  trainable.forEach(({ name }, index) => {
    const { weight, ...slots } = updated[index] as Updated;
    updates.set(parameters.get(name), weight);
    for (const [kind, value] of Object.entries(slots)) {
      updates.set(slot(slotName(name, kind as SlotKind)), value);
    }
  });
  for (const next of step) updates.set(slot(STEP_SLOT), next);
  [...options.averages.values()].forEach((average, index) => {
    updates.set(average, averages[index] as tf.Tensor);
  });
  return { gradientNorm, updates };
}

/** The next weight, and the next values of its slots by their kind. */
type Updated = { weight: tf.Tensor } & Partial<Record<SlotKind, tf.Tensor>>;
type Rule = (spec: ParameterSpec, gradient: tf.Tensor, factor: tf.Scalar) => Updated;

function sgdRule({ config, parameters, slots, learningRate }: OptimizerOptions): Rule {
  return ({ name }, gradient, factor) =>
    momentumUpdate({
      weight: parameters.get(name),
      velocity: slotOf(slots, name),
      gradient,
      rate: tf.mul(learningRate, factor),
      momentum: config.learningMomentum,
    });
}

function adamRule({ config, parameters, slots, learningRate }: OptimizerOptions): Rule {
  const step = tf.add(slotOf(slots, STEP_SLOT), 1);
  const scalars = adamScalars(config, { rate: learningRate, step });
  const decay: tf.Scalar = tf.mul(learningRate, config.weightDecay);
  return ({ name, regularized }, gradient, factor) =>
    adamUpdate({
      weight: parameters.get(name),
      m: slotOf(slots, slotName(name, 'm')),
      v: slotOf(slots, slotName(name, 'v')),
      gradient: tf.mul(gradient, factor),
      scalars,
      config,
      decay: regularized && config.weightDecay > 0 ? decay : undefined,
    });
}

/** The next averages, in the order of `averages`, from the weights as they are after the step. */
function nextAverages(
  { config, parameters, slots, averages }: OptimizerOptions,
  after: Updates,
): tf.Tensor[] {
  if (averages.size === 0) return [];
  const decay = averageDecay(slotOf(slots, STEP_SLOT), config.emaDecay);
  return [...averages].map(([name, average]) => {
    const weight = parameters.get(name);
    return nextAverage(average, after.get(weight) ?? weight, decay);
  });
}

function slotOf(slots: ByName, name: string): tf.Variable {
  const variable = slots.get(name);
  if (variable === undefined) throw new MissingSlotError(name);
  return variable;
}

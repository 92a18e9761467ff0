/**
 * One step of training as pure functions of tensors: losses and their gradients, then L2, clipping and the
 * optimizer. They change nothing: the caller assigns `updates`, eagerly or compiled. Static shapes, no host
 * read, no branch on data.
 *
 * A step on one batch is `trainStep`. A step on the mean gradient of several is `accumulateStep` for each
 * batch and then `appliedStep`.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { inferencePass, trainingPass } from '../layers/forward-pass.ts';
import { noTape } from '../layers/no-tape.ts';
import { trainingForward, type BatchTensors } from '../model.ts';
import type { ParameterSpec, WeightSource } from '../parameters.ts';
import { applyGradients, type OptimizerOptions, type OptimizerResult } from './apply-gradients.ts';
import type { DetectionTargets } from './detection-targets.ts';
import { l2Penalty } from './l2.ts';
import type { LossTensors, ModelLosses } from './loss-values.ts';
import { total } from './total.ts';

export interface LossOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: WeightSource;
  /** What is trained (`trainableParameters`). */
  readonly trainable: readonly ParameterSpec[];
  readonly batch: BatchTensors;
  /** `[A, 4]`, normalised. */
  readonly anchors: tf.Tensor2D;
  /** Used in place of targets made from the proposals: to compare with recorded runs. */
  readonly targets?: DetectionTargets;
}

export type TrainStepOptions = LossOptions & OptimizerOptions;

export interface TrainStepResult extends OptimizerResult {
  readonly losses: LossTensors;
}

/** One step of training on one batch. */
export function trainStep(options: TrainStepOptions): TrainStepResult {
  const { losses, ...toApply } = lossGradients(options);
  const result = applyGradients(options, toApply);
  tf.dispose([...toApply.gradients]);
  return { losses, ...result };
}

/** Sums of gradients over batches, by parameter. */
type GradientSums = ReadonlyMap<string, tf.Variable>;

export interface AccumulateOptions extends LossOptions {
  readonly sums: GradientSums;
  /** Scalar: 0 at the first batch of a step, where the sums begin anew, else 1. */
  readonly keep: tf.Scalar;
}

/** Adds the gradients of a batch to the sums. The moving statistics of batch norm move at each batch. */
export function accumulateStep(options: AccumulateOptions): {
  readonly losses: LossTensors;
  readonly updates: ReadonlyMap<tf.Variable, tf.Tensor>;
} {
  const { trainable, sums, keep } = options;
  const { losses, gradients, movingStatistics } = lossGradients(options);
  const updates = new Map(movingStatistics);
  trainable.forEach(({ name }, index) => {
    const sum = sums.get(name) as tf.Variable;
    const next = tf.tidy(() => tf.add(tf.mul(sum, keep), gradients[index] as tf.Tensor));
    updates.set(sum, next);
  });
  tf.dispose([...gradients]);
  return { losses, updates };
}

/** One step of the optimizer with the mean of the summed gradients: `share` is 1 / number of batches. */
export function appliedStep(
  options: OptimizerOptions & { readonly sums: GradientSums; readonly share: tf.Scalar },
): OptimizerResult {
  const { trainable, sums, share } = options;
  const gradients = trainable.map(({ name }) => tf.mul(sums.get(name) as tf.Variable, share));
  const result = applyGradients(options, { gradients, movingStatistics: new Map() });
  tf.dispose(gradients);
  return result;
}

/** The losses alone, with the stored statistics in batch norm: what validation looks at. */
export function validationLosses(options: LossOptions): LossTensors {
  return tf.tidy(() =>
    noTape(() => {
      const pass = inferencePass(options.parameters);
      const model = trainingForward({ ...options, pass });
      return withTotal(model, weightedSum(options.config, model), l2Of(options));
    }),
  );
}

interface LossGradients {
  readonly losses: LossTensors;
  /** Of the losses without L2, in the order of `trainable`. */
  readonly gradients: readonly tf.Tensor[];
  /** New values of the moving statistics. */
  readonly movingStatistics: ReadonlyMap<tf.Variable, tf.Tensor>;
}

/** The caller owns all tensors. */
function lossGradients(options: LossOptions): LossGradients {
  const { config, parameters, trainable } = options;
  const names = trainable.map(({ name }) => name);
  const pass = trainingPass({ parameters, trainable: names, config });
  const variables = names.map((name) => parameters.get(name));
  const computed = tf.tidy(() => {
    const kept: tf.Tensor[] = [];
    let model: ModelLosses | undefined;
    const { value, grads } = tf.variableGrads(() => {
      model = trainingForward({ ...options, pass });
      // The gradient's own tidy scope ends before the losses are returned.
      kept.push(...Object.values(model).map((loss: tf.Scalar) => tf.keep(loss)));
      return weightedSum(config, model);
    }, variables);
    const losses = withTotal(model as ModelLosses, value, l2Of(options));
    const gradients = variables.map((weight) => grads[weight.name] ?? tf.zerosLike(weight));
    tf.dispose(kept);
    return { losses, gradients };
  });
  const movingStatistics = new Map(
    [...pass.movingStatistics].map(([name, value]) => [parameters.get(name), value] as const),
  );
  return { ...computed, movingStatistics };
}

/** The losses as the caller's own tensors, with L2 and the total. */
function withTotal(model: ModelLosses, weighted: tf.Scalar, l2: tf.Scalar): LossTensors {
  return {
    rpnClass: model.rpnClass.clone(),
    rpnBbox: model.rpnBbox.clone(),
    mrcnnClass: model.mrcnnClass.clone(),
    mrcnnBbox: model.mrcnnBbox.clone(),
    mrcnnMask: model.mrcnnMask.clone(),
    l2,
    total: tf.add(weighted, l2),
  };
}

function weightedSum({ lossWeights }: MaskRcnnConfig, model: ModelLosses): tf.Scalar {
  return total([
    tf.mul(model.rpnClass, lossWeights.rpnClassLoss),
    tf.mul(model.rpnBbox, lossWeights.rpnBboxLoss),
    tf.mul(model.mrcnnClass, lossWeights.mrcnnClassLoss),
    tf.mul(model.mrcnnBbox, lossWeights.mrcnnBboxLoss),
    tf.mul(model.mrcnnMask, lossWeights.mrcnnMaskLoss),
  ]);
}

function l2Of({ trainable, ...options }: LossOptions): tf.Scalar {
  return l2Penalty(trainable, options);
}

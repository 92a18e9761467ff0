/**
 * One step of training as a pure function of tensors: losses and their gradients, L2, clipping by the
 * global norm, momentum. It changes nothing: the caller assigns `updates`, eagerly or compiled. Static
 * shapes, no host read, no branch on data.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { inferencePass, trainingPass, type ForwardPass } from '../layers/forward-pass.ts';
import { noTape } from '../layers/no-tape.ts';
import { trainingForward, type BatchTensors } from '../model.ts';
import type { Parameters, ParameterSpec } from '../parameters.ts';
import type { DetectionTargets } from './detection-targets.ts';
import { MissingVelocityError } from './errors.ts';
import { addL2Gradient, l2Penalty } from './l2.ts';
import type { LossTensors, ModelLosses } from './loss-values.ts';
import { clipFactors, globalNorm, momentumUpdate } from './optimizer.ts';

export interface LossOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  /** What is trained (`trainableParameters`). */
  readonly trainable: readonly ParameterSpec[];
  readonly batch: BatchTensors;
  /** `[A, 4]`, normalised. */
  readonly anchors: tf.Tensor2D;
  /** Used in place of targets made from the proposals: to compare with recorded runs. */
  readonly targets?: DetectionTargets;
}

export interface TrainStepOptions extends LossOptions {
  /** Velocity of each trained parameter, by its name. */
  readonly momentum: ReadonlyMap<string, tf.Variable>;
  readonly learningRate: tf.Scalar;
}

export interface TrainStepResult {
  readonly losses: LossTensors;
  /** Global norm of all gradients, L2 included, before clipping. */
  readonly gradientNorm: tf.Scalar;
  /** New values of parameters, velocities and moving statistics. The caller owns the tensors. */
  readonly updates: ReadonlyMap<tf.Variable, tf.Tensor>;
}

/** One step of training. */
export function trainStep(options: TrainStepOptions): TrainStepResult {
  const { config, parameters, trainable, momentum, learningRate } = options;
  const pass = trainingPass({
    parameters,
    trainable: trainable.map(({ name }) => name),
    config,
  });
  const step = tf.tidy(() => {
    const { losses, gradients } = lossGradients(options, pass);
    const gradientNorm = globalNorm(gradients);
    const factors = clipFactors(gradients, { ...config, norm: gradientNorm });
    const next = trainable.map(({ name }, index) =>
      momentumUpdate({
        weight: parameters.get(name),
        velocity: velocityOf(momentum, name),
        gradient: gradients[index] as tf.Tensor,
        rate: tf.mul(learningRate, factors[index] as tf.Scalar),
        momentum: config.learningMomentum,
      }),
    );
    return { losses, gradientNorm, next };
  });
  const updates = new Map(pass.movingStatistics);
  trainable.forEach(({ name }, index) => {
    const next = step.next[index] as { weight: tf.Tensor; velocity: tf.Tensor };
    updates.set(parameters.get(name), next.weight);
    updates.set(velocityOf(momentum, name), next.velocity);
  });
  return { losses: step.losses, gradientNorm: step.gradientNorm, updates };
}

/** The losses alone, with the stored statistics in batch norm: what validation looks at. */
export function validationLosses(options: LossOptions): LossTensors {
  const { config, parameters } = options;
  return tf.tidy(() =>
    noTape(() => {
      const pass = inferencePass(parameters);
      const model = trainingForward({ ...options, pass });
      return withTotal(model, weightedSum(config, model), l2Of(options));
    }),
  );
}

/** Losses and the gradient of their total, L2 included, by trained parameter. */
function lossGradients(
  options: LossOptions,
  pass: ForwardPass,
): { losses: LossTensors; gradients: tf.Tensor[] } {
  const { config, parameters, trainable } = options;
  const variables = trainable.map(({ name }) => parameters.get(name));
  const kept: tf.Tensor[] = [];
  let model: ModelLosses | undefined;
  const { value, grads } = tf.variableGrads(() => {
    model = trainingForward({ ...options, pass });
    // The gradient's own tidy scope ends before the losses are returned.
    kept.push(...Object.values(model).map((loss: tf.Scalar) => tf.keep(loss)));
    return weightedSum(config, model);
  }, variables);
  const losses = withTotal(model as ModelLosses, value, l2Of(options));
  const gradients = trainable.map((spec, index) => {
    const weight = variables[index] as tf.Variable;
    const gradient = grads[weight.name] ?? tf.zerosLike(weight);
    return addL2Gradient(gradient, { spec, weight, weightDecay: config.weightDecay });
  });
  tf.dispose(kept);
  return { losses, gradients };
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
  return tf.addN([
    tf.mul(model.rpnClass, lossWeights.rpnClassLoss),
    tf.mul(model.rpnBbox, lossWeights.rpnBboxLoss),
    tf.mul(model.mrcnnClass, lossWeights.mrcnnClassLoss),
    tf.mul(model.mrcnnBbox, lossWeights.mrcnnBboxLoss),
    tf.mul(model.mrcnnMask, lossWeights.mrcnnMaskLoss),
  ]);
}

function l2Of({ config, parameters, trainable }: LossOptions): tf.Scalar {
  const penalties = trainable
    .filter(({ regularized }) => regularized)
    .map((spec) =>
      l2Penalty({ spec, weight: parameters.get(spec.name), weightDecay: config.weightDecay }),
    );
  return penalties.length === 0 ? tf.scalar(0) : tf.addN(penalties);
}

function velocityOf(momentum: ReadonlyMap<string, tf.Variable>, name: string): tf.Variable {
  const velocity = momentum.get(name);
  if (velocity === undefined) {
    throw new MissingVelocityError(name);
  }
  return velocity;
}

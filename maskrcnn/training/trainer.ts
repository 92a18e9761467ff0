/**
 * Trains a layer set step by step, eagerly: feeds the train step, checks the losses, assigns the updates.
 * Owns the momentum; the parameters belong to the caller.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from '../boxes/anchors.ts';
import type { MaskRcnnConfig } from '../config.ts';
import { trainableParameters, type Parameters, type ParameterSpec } from '../parameters.ts';
import type { Size } from '../shapes.ts';
import { batchTensors } from './batch-tensors.ts';
import type { TrainBatch } from './batch.ts';
import { NonFiniteLossError } from './errors.ts';
import { readLosses, type Losses } from './loss-values.ts';
import { Momentum, type MomentumValues } from './momentum.ts';
import { trainStep, validationLosses } from './train-step.ts';

export interface TrainerOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  /** `heads`, `3+`, `4+`, `5+`, `all`, or a regular expression over layer names. */
  readonly layers: string;
  /** Velocities of a checkpoint; zero when left out. */
  readonly momentum?: MomentumValues;
  /** Steps already taken: counts in the errors only. @default 0 */
  readonly step?: number;
}

export class Trainer implements Disposable {
  /** What is trained, in Keras' order. */
  readonly trainable: readonly ParameterSpec[];
  readonly #config: MaskRcnnConfig;
  readonly #parameters: Parameters;
  readonly #momentum: Momentum;
  #step: number;

  constructor({ config, parameters, layers, momentum, step = 0 }: TrainerOptions) {
    this.#config = config;
    this.#parameters = parameters;
    this.trainable = trainableParameters(parameters.specs, layers);
    this.#momentum = new Momentum(this.trainable, momentum);
    this.#step = step;
  }

  /** Velocity of each trained parameter, by its name: borrow it to write a checkpoint. */
  get momentum(): ReadonlyMap<string, tf.Variable> {
    return this.#momentum.variables;
  }

  /**
   * One step of gradient descent; returns the losses before it.
   * @throws NonFiniteLossError with parameters and momentum left as they were.
   */
  step(batch: TrainBatch, learningRate: number): Losses {
    using inputs = new StepInputs(this.#config, batch);
    const rate = tf.scalar(learningRate);
    const result = trainStep({
      config: this.#config,
      parameters: this.#parameters,
      trainable: this.trainable,
      momentum: this.momentum,
      learningRate: rate,
      ...inputs.tensors,
    });
    const losses = readLosses(result.losses);
    const finite = Object.values(losses).every(Number.isFinite);
    for (const [variable, value] of result.updates) {
      if (finite) variable.assign(value);
      value.dispose();
    }
    tf.dispose([rate, result.gradientNorm, result.losses]);
    if (!finite) throw new NonFiniteLossError(losses, this.#step);
    this.#step++;
    return losses;
  }

  /** The losses without a step, batch norm in inference mode. */
  validate(batch: TrainBatch): Losses {
    using inputs = new StepInputs(this.#config, batch);
    const losses = validationLosses({
      config: this.#config,
      parameters: this.#parameters,
      trainable: this.trainable,
      ...inputs.tensors,
    });
    const values = readLosses(losses);
    tf.dispose(losses);
    return values;
  }

  [Symbol.dispose](): void {
    this.#momentum[Symbol.dispose]();
  }
}

/** The tensors of one step: the batch and its anchors. */
class StepInputs implements Disposable {
  readonly tensors: {
    readonly batch: ReturnType<typeof batchTensors>;
    readonly anchors: tf.Tensor2D;
  };

  constructor(config: MaskRcnnConfig, batch: TrainBatch) {
    this.tensors = { batch: batchTensors(batch), anchors: anchorTensor(config, batch.imageSize) };
  }

  [Symbol.dispose](): void {
    tf.dispose(this.tensors.anchors);
    tf.dispose({ ...this.tensors.batch });
  }
}

function anchorTensor(config: MaskRcnnConfig, size: Size): tf.Tensor2D {
  const anchors = pyramidAnchors(config, size);
  return tf.tensor2d(anchors, [anchors.length / 4, 4]);
}

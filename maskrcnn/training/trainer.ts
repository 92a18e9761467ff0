/**
 * Trains a layer set step by step, eagerly: feeds the train step, checks the losses, assigns the updates.
 * Owns the optimizer's state and the averages; the parameters belong to the caller.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from '../boxes/anchors.ts';
import type { MaskRcnnConfig } from '../config.ts';
import type { ModelGraphCache } from '../graph-cache.ts';
import { trainableParameters, type Parameters, type ParameterSpec } from '../parameters.ts';
import type { Size } from '../shapes.ts';
import { averagedSource } from './averages.ts';
import { batchTensors } from './batch-tensors.ts';
import type { TrainBatch } from './batch.ts';
import { NonFiniteLossError } from './errors.ts';
import { readLosses, type Losses, type LossTensors } from './loss-values.ts';
import type { SlotValues } from './slots.ts';
import { accumulateStep, appliedStep, trainStep, validationLosses } from './train-step.ts';
import { TrainingState } from './training-state.ts';

export interface TrainerOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  /** `heads`, `3+`, `4+`, `5+`, `all`, or a regular expression over layer names. */
  readonly layers: string;
  /** The optimizer's slots of a checkpoint; zero when left out. */
  readonly slots?: SlotValues;
  /** Averaged weights of a checkpoint; the weights themselves when left out. */
  readonly averages?: SlotValues;
  /** Steps already taken: counts in the errors only. @default 0 */
  readonly step?: number;
  /** Where a compiled trainer keeps its graphs for the next process; nowhere when left out. */
  readonly graphCache?: ModelGraphCache;
}

export class Trainer implements Disposable {
  /** What is trained, in Keras' order. */
  readonly trainable: readonly ParameterSpec[];
  readonly #config: MaskRcnnConfig;
  readonly #parameters: Parameters;
  readonly #state: TrainingState;
  #step: number;

  constructor(options: TrainerOptions) {
    this.#config = options.config;
    this.#parameters = options.parameters;
    this.trainable = trainableParameters(options.parameters.specs, options.layers);
    this.#state = new TrainingState({ ...options, trainable: this.trainable });
    this.#step = options.step ?? 0;
  }

  /** The optimizer's state by name (`slotSpecs`): borrow it to write a checkpoint. */
  get slots(): ReadonlyMap<string, tf.Variable> {
    return this.#state.slots;
  }

  /** Averages of the weights by parameter; empty where `emaDecay` is 0. */
  get averages(): ReadonlyMap<string, tf.Variable> {
    return this.#state.averages;
  }

  /** What training keeps beside the weights: for a compiled trainer over the same variables. */
  get state(): TrainingState {
    return this.#state;
  }

  /**
   * Looks at a batch whose gradients enter the next `step`: call it `gradientAccumulationSteps - 1` times
   * before each. Returns the batch's losses.
   *
   * @throws NonFiniteLossError; the step then begins anew.
   * @throws AccumulationError where `gradientAccumulationSteps` is 1.
   */
  accumulate(batch: TrainBatch): Losses {
    using inputs = new StepInputs(this.#config, batch);
    const { keep, sums } = this.#state.beginBatch();
    const result = accumulateStep({ ...this.#common, ...inputs.tensors, keep, sums });
    keep.dispose();
    const losses = this.#assign(result);
    this.#state.endBatch();
    return losses;
  }

  /**
   * One step of the optimizer on the mean gradient of the batches since the last one, `batch` included;
   * returns the losses of `batch` before the step.
   *
   * @throws NonFiniteLossError with weights, slots and averages left as they were.
   */
  step(batch: TrainBatch, learningRate: number): Losses {
    const losses =
      this.#config.gradientAccumulationSteps === 1
        ? this.#fusedStep(batch, learningRate)
        : this.#appliedStep(batch, learningRate);
    this.#step++;
    return losses;
  }

  /** The losses without a step, of the averaged weights where there are any; batch norm in inference mode. */
  validate(batch: TrainBatch): Losses {
    using inputs = new StepInputs(this.#config, batch);
    const losses = validationLosses({
      ...this.#common,
      parameters: averagedSource(this.#parameters, this.averages),
      ...inputs.tensors,
    });
    const values = readLosses(losses);
    tf.dispose(losses);
    return values;
  }

  [Symbol.dispose](): void {
    this.#state[Symbol.dispose]();
  }

  get #common() {
    const { slots, averages } = this;
    return {
      config: this.#config,
      parameters: this.#parameters,
      trainable: this.trainable,
      slots,
      averages,
    };
  }

  #fusedStep(batch: TrainBatch, learningRate: number): Losses {
    using inputs = new StepInputs(this.#config, batch);
    const rate = tf.scalar(learningRate);
    const result = trainStep({ ...this.#common, learningRate: rate, ...inputs.tensors });
    tf.dispose([rate, result.gradientNorm]);
    return this.#assign(result);
  }

  #appliedStep(batch: TrainBatch, learningRate: number): Losses {
    const losses = this.accumulate(batch);
    const { share, sums } = this.#state.endStep();
    const rate = tf.scalar(learningRate);
    const result = appliedStep({ ...this.#common, learningRate: rate, share, sums });
    tf.dispose([rate, share, result.gradientNorm]);
    for (const [variable, value] of result.updates) {
      variable.assign(value);
      value.dispose();
    }
    return losses;
  }

  /** Assigns the updates if the losses are finite. */
  #assign(result: {
    readonly losses: LossTensors;
    readonly updates: ReadonlyMap<tf.Variable, tf.Tensor>;
  }): Losses {
    const losses = readLosses(result.losses);
    const finite = Object.values(losses).every(Number.isFinite);
    for (const [variable, value] of result.updates) {
      if (finite) variable.assign(value);
      value.dispose();
    }
    tf.dispose(result.losses);
    if (finite) return losses;
    this.#state.beginStep();
    throw new NonFiniteLossError(losses, this.#step);
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

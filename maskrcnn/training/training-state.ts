/**
 * What training keeps beside the weights: the optimizer's slots, the averages of the weights, and within
 * a step the sums of gradients, which no checkpoint needs. Eager and compiled trainer share it.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import type { Parameters, ParameterSpec } from '../parameters.ts';
import { averagedParameters } from './averages.ts';
import { AccumulationError } from './errors.ts';
import { NamedVariables, slotSpecs, type SlotValues } from './slots.ts';

export interface TrainingStateOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  readonly trainable: readonly ParameterSpec[];
  readonly slots?: SlotValues;
  readonly averages?: SlotValues;
}

export class TrainingState implements Disposable {
  readonly #slots: NamedVariables;
  readonly #averages: NamedVariables;
  readonly #sums: NamedVariables;
  /** Batches whose gradients are in the sums. */
  #batches = 0;

  constructor({ config, parameters, trainable, slots, averages }: TrainingStateOptions) {
    this.#slots = new NamedVariables(slotSpecs(config, trainable), slots);
    const averaged = config.emaDecay === 0 ? [] : averagedParameters(parameters.specs, trainable);
    this.#averages = new NamedVariables(averaged, averages);
    for (const [name, average] of this.averages) {
      if (averages?.has(name) !== true) assignCopy(average, parameters.get(name));
    }
    this.#sums = new NamedVariables(config.gradientAccumulationSteps === 1 ? [] : trainable);
  }

  /** By the names of `slotSpecs`. */
  get slots(): ReadonlyMap<string, tf.Variable> {
    return this.#slots.variables;
  }

  /** By parameter; empty where weights are not averaged. */
  get averages(): ReadonlyMap<string, tf.Variable> {
    return this.#averages.variables;
  }

  /** By parameter; empty where a step takes one batch. */
  get sums(): ReadonlyMap<string, tf.Variable> {
    return this.#sums.variables;
  }

  /** The sums are to begin anew with the next batch. */
  beginStep(): void {
    this.#batches = 0;
  }

  /** What accumulating a batch needs; the caller disposes of `keep`. @throws AccumulationError */
  beginBatch(): { readonly keep: tf.Scalar; readonly sums: ReadonlyMap<string, tf.Variable> } {
    if (this.sums.size === 0) throw new AccumulationError();
    return { keep: tf.scalar(this.#batches === 0 ? 0 : 1), sums: this.sums };
  }

  /** The gradients of a batch are in the sums. */
  endBatch(): void {
    this.#batches++;
  }

  /** What a step needs of the sums; they begin anew. The caller disposes of `share`. */
  endStep(): { readonly share: tf.Scalar; readonly sums: ReadonlyMap<string, tf.Variable> } {
    const share = tf.scalar(1 / this.#batches);
    this.beginStep();
    return { share, sums: this.sums };
  }

  [Symbol.dispose](): void {
    this.#slots[Symbol.dispose]();
    this.#averages[Symbol.dispose]();
    this.#sums[Symbol.dispose]();
  }
}

/** `assign` alone would let both variables hold one tensor, which a traced function cannot tell apart. */
function assignCopy(variable: tf.Variable, value: tf.Tensor): void {
  const copy = tf.mul(value, 1);
  variable.assign(copy);
  copy.dispose();
}

/**
 * `Trainer` with the whole step, and validation, each as one TensorFlow graph over the same variables:
 * only the batch goes in and the losses come out. Weights, slots and averages live in the session alone, so
 * that there is one copy of them; `sync` brings them back, for checkpoints and detection. Between a step and
 * the next `sync` the variables have no values, and reading them is an error.
 *
 * The graph is built for the shapes of the first batch. A training batch of other shapes builds it anew;
 * a validation batch of other shapes (an epoch's last) is looked at eagerly.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { NamedTensors } from '../../graph/trace.ts';
import { batchSize } from '../config.ts';
import type { BatchTensors } from '../model.ts';
import type { ParameterSpec } from '../parameters.ts';
import { batchTensors } from './batch-tensors.ts';
import type { TrainBatch } from './batch.ts';
import { compileStep, type StepProgram } from './compiled-step.ts';
import { NonFiniteLossError } from './errors.ts';
import { readLosses, type Losses, type LossTensors } from './loss-values.ts';
import { Trainer, type TrainerOptions } from './trainer.ts';

export class CompiledTrainer implements Disposable {
  readonly #options: TrainerOptions;
  /** Owns the state; steps in where a graph would not pay. */
  readonly #eager: Trainer;
  #step: number;
  #compiled: { readonly program: StepProgram; readonly shapes: string } | undefined;
  /** Is the session ahead of the variables, which then have no values? */
  #ahead = false;

  constructor(options: TrainerOptions) {
    this.#options = options;
    this.#eager = new Trainer(options);
    this.#step = options.step ?? 0;
  }

  /** What is trained, in Keras' order. */
  get trainable(): readonly ParameterSpec[] {
    return this.#eager.trainable;
  }

  /** The optimizer's state by name (`slotSpecs`), after `sync`. */
  get slots(): ReadonlyMap<string, tf.Variable> {
    return this.#eager.slots;
  }

  /** Averages of the weights by parameter, after `sync`; empty where `emaDecay` is 0. */
  get averages(): ReadonlyMap<string, tf.Variable> {
    return this.#eager.averages;
  }

  /**
   * Looks at a batch whose gradients enter the next `step`: call it `gradientAccumulationSteps - 1` times
   * before each. Returns the batch's losses.
   *
   * @throws NonFiniteLossError; the step then begins anew.
   * @throws AccumulationError where `gradientAccumulationSteps` is 1.
   */
  accumulate(batch: TrainBatch): Losses {
    const { state } = this.#eager;
    const { keep } = state.beginBatch();
    try {
      const losses = this.#run('accumulate', batch, { keep });
      state.endBatch();
      return losses;
    } finally {
      keep.dispose();
    }
  }

  /**
   * One step of the optimizer on the mean gradient of the batches since the last one, `batch` included;
   * returns the losses of `batch` before the step.
   *
   * @throws NonFiniteLossError with weights, slots and averages left as they were.
   */
  step(batch: TrainBatch, learningRate: number): Losses {
    const rate = tf.scalar(learningRate);
    try {
      const losses =
        this.#options.config.gradientAccumulationSteps === 1
          ? this.#run('train', batch, { learningRate: rate })
          : this.#accumulateAndApply(batch, rate);
      this.#step += 1;
      return losses;
    } finally {
      rate.dispose();
    }
  }

  /** Forgets what was accumulated since the last step: it begins anew. */
  restartStep(): void {
    this.#eager.state.beginStep();
  }

  /** The losses without a step, of the averaged weights where there are any; batch norm in inference mode. */
  validate(batch: TrainBatch): Losses {
    if (this.#isOddBatch(batch)) {
      this.sync();
      return this.#eager.validate(batch);
    }
    return withTensors(batch, (tensors) =>
      readAndDispose(this.#programFor(batch, tensors).run('validate', named(tensors))),
    );
  }

  /** Writes the session's values to the parameters, the slots and the averages. */
  sync(): void {
    if (!this.#ahead) return;
    this.#compiled?.program.pull();
    this.#ahead = false;
  }

  /** Ends the session; the parameters keep what they have learnt. */
  [Symbol.dispose](): void {
    try {
      this.sync();
    } finally {
      this.#compiled?.program[Symbol.dispose]();
      this.#compiled = undefined;
      this.#eager[Symbol.dispose]();
    }
  }

  /**
   * Is it of other shapes than training's? Asked of its size where no step was taken yet, so that who only
   * validates looks at an epoch's last batch as who has trained does, and gets the same bits.
   */
  #isOddBatch(batch: TrainBatch): boolean {
    return this.#compiled === undefined
      ? batch.batchSize !== batchSize(this.#options.config)
      : shapesOf(batch) !== this.#compiled.shapes;
  }

  #accumulateAndApply(batch: TrainBatch, learningRate: tf.Scalar): Losses {
    const losses = this.accumulate(batch);
    const { share } = this.#eager.state.endStep();
    const given = this.#compiled?.program.run('apply', { learningRate, share });
    tf.dispose([share, { ...given }]);
    return losses;
  }

  #run(name: 'train' | 'accumulate', batch: TrainBatch, scalars: NamedTensors): Losses {
    const losses = withTensors(batch, (tensors) => {
      const program = this.#programFor(batch, tensors);
      // Before the step: what the variables held too could not change where it lies.
      if (!this.#ahead) program.release();
      this.#ahead = true;
      return readAndDispose(program.run(name, { ...named(tensors), ...scalars }));
    });
    if (!Object.values(losses).every(Number.isFinite)) {
      this.#eager.state.beginStep();
      throw new NonFiniteLossError(losses, this.#step);
    }
    return losses;
  }

  #programFor(batch: TrainBatch, tensors: BatchTensors): StepProgram {
    const shapes = shapesOf(batch);
    if (this.#compiled?.shapes === shapes) return this.#compiled.program;
    this.sync();
    this.#compiled?.program[Symbol.dispose]();
    this.#compiled = undefined;
    const { trainable, state } = this.#eager;
    const program = compileStep({ ...this.#options, trainable, state, batch: tensors });
    this.#compiled = { program, shapes };
    return program;
  }
}

/** Everything on which the shapes of the batch's tensors depend. */
function shapesOf({ batchSize, imageSize, maskSize, gtClassIds, inputRois }: TrainBatch): string {
  return JSON.stringify([batchSize, imageSize, maskSize, gtClassIds.length, inputRois?.length]);
}

function named(batch: BatchTensors): NamedTensors {
  return batch as unknown as NamedTensors;
}

function withTensors<Result>(batch: TrainBatch, use: (tensors: BatchTensors) => Result): Result {
  const tensors = batchTensors(batch);
  try {
    return use(tensors);
  } finally {
    tf.dispose({ ...tensors });
  }
}

function readAndDispose(losses: NamedTensors): Losses {
  const values = readLosses(losses as LossTensors);
  tf.dispose({ ...losses });
  return values;
}

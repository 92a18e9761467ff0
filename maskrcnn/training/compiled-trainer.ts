/**
 * `Trainer` with the whole step, and validation, each as one TensorFlow graph over the same variables:
 * only the batch goes in and the losses come out. Weights and momentum live in the session; `sync` brings
 * them back to the `Parameters` and the momentum, for checkpoints and detection.
 *
 * The graph is built for the shapes of the first batch. A training batch of other shapes builds it anew;
 * a validation batch of other shapes (an epoch's last) is looked at eagerly.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compileAll, define, type CompiledProgram } from '../../graph/compile.ts';
import type { NamedTensors } from '../../graph/trace.ts';
import { pyramidAnchors } from '../boxes/anchors.ts';
import type { BatchTensors } from '../model.ts';
import type { ParameterSpec } from '../parameters.ts';
import { batchTensors } from './batch-tensors.ts';
import type { TrainBatch } from './batch.ts';
import { NonFiniteLossError } from './errors.ts';
import { readLosses, type Losses, type LossTensors } from './loss-values.ts';
import { trainStep, validationLosses } from './train-step.ts';
import { Trainer, type TrainerOptions } from './trainer.ts';

type StepProgram = CompiledProgram<ReturnType<typeof definitions>>;

export class CompiledTrainer implements Disposable {
  readonly #options: TrainerOptions;
  /** Owns the momentum; steps in where a graph would not pay. */
  readonly #eager: Trainer;
  #step: number;
  #compiled: { readonly program: StepProgram; readonly shapes: string } | undefined;
  /** Is the session ahead of the parameters and the momentum? */
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

  /** Velocity of each trained parameter, by its name, as of the last `sync`. */
  get momentum(): ReadonlyMap<string, tf.Variable> {
    return this.#eager.momentum;
  }

  /**
   * One step of gradient descent; returns the losses before it.
   * @throws NonFiniteLossError with parameters and momentum left as they were.
   */
  step(batch: TrainBatch, learningRate: number): Losses {
    const program = this.#programFor(batch);
    const losses = withTensors(batch, (tensors) => {
      const rate = tf.scalar(learningRate);
      const given = program.run('train', { ...tensors, learningRate: rate });
      return readAndDispose(given, rate);
    });
    if (!Object.values(losses).every(Number.isFinite)) {
      throw new NonFiniteLossError(losses, this.#step);
    }
    this.#ahead = true;
    this.#step += 1;
    return losses;
  }

  /** The losses without a step, batch norm in inference mode. */
  validate(batch: TrainBatch): Losses {
    if (this.#compiled !== undefined && this.#compiled.shapes !== shapesOf(batch)) {
      this.sync();
      return this.#eager.validate(batch);
    }
    const program = this.#programFor(batch);
    return withTensors(batch, (tensors) => readAndDispose(program.run('validate', tensors)));
  }

  /** Writes the session's values to the parameters and the momentum. */
  sync(): void {
    if (!this.#ahead) return;
    this.#compiled?.program.pull();
    this.#ahead = false;
  }

  /** Ends the session; what was not synchronised is lost. */
  [Symbol.dispose](): void {
    this.#compiled?.program[Symbol.dispose]();
    this.#compiled = undefined;
    this.#eager[Symbol.dispose]();
  }

  #programFor(batch: TrainBatch): StepProgram {
    const shapes = shapesOf(batch);
    if (this.#compiled?.shapes === shapes) return this.#compiled.program;
    this.sync();
    this.#compiled?.program[Symbol.dispose]();
    this.#compiled = undefined;
    const { parameters } = this.#options;
    const variables = [
      ...parameters.specs.map(({ name }) => parameters.get(name)),
      ...this.momentum.values(),
    ];
    const program = compileAll(definitions(this.#options, this.#eager, batch), { variables });
    this.#compiled = { program, shapes };
    return program;
  }
}

/** The two functions of the session, for batches of the shapes of `batch`. */
function definitions(
  { config, parameters }: TrainerOptions,
  { trainable, momentum }: Trainer,
  batch: TrainBatch,
) {
  const inputs = inputSpecs(batch);
  const anchorValues = pyramidAnchors(config, batch.imageSize);
  const shared = () => {
    const anchors = tf.tensor2d(anchorValues, [anchorValues.length / 4, 4]);
    return { config, parameters, trainable, anchors };
  };
  return {
    train: define({ ...inputs, learningRate: SCALAR }, ({ learningRate, ...tensors }) => {
      const { losses, updates } = trainStep({
        ...shared(),
        batch: asBatch(tensors),
        momentum,
        learningRate: learningRate as tf.Scalar,
      });
      const finite = tf.all(tf.isFinite(tf.stack(Object.values(losses))));
      return { outputs: losses, updates, guard: finite };
    }),
    validate: define(inputs, (tensors) => ({
      outputs: validationLosses({ ...shared(), batch: asBatch(tensors) }),
    })),
  };
}

const SCALAR = { shape: [], dtype: 'float32' } as const;

const INTEGER_INPUTS: ReadonlySet<string> = new Set(['rpnMatch', 'gtClassIds', 'activeClassIds']);

type BatchInput = keyof BatchTensors;

interface BatchInputSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32';
}

function inputSpecs(batch: TrainBatch): Readonly<Record<BatchInput, BatchInputSpec>> {
  return withTensors(batch, (tensors) => {
    const specs = Object.entries(tensors).map(([name, { shape }]: [string, tf.Tensor]) => [
      name,
      { shape, dtype: INTEGER_INPUTS.has(name) ? 'int32' : 'float32' },
    ]);
    return Object.fromEntries(specs) as Record<BatchInput, BatchInputSpec>;
  });
}

/** Everything on which the shapes of the batch's tensors depend. */
function shapesOf({ batchSize, imageSize, maskSize, gtClassIds, inputRois }: TrainBatch): string {
  return JSON.stringify([batchSize, imageSize, maskSize, gtClassIds.length, inputRois?.length]);
}

/** The graph knows shapes, not ranks: the names of the inputs are those of the batch. */
function asBatch(tensors: NamedTensors<BatchInput>): BatchTensors {
  return tensors as unknown as BatchTensors;
}

function withTensors<Result>(
  batch: TrainBatch,
  use: (tensors: NamedTensors<BatchInput>) => Result,
): Result {
  const tensors = batchTensors(batch) as Readonly<Record<BatchInput, tf.Tensor>>;
  try {
    return use(tensors);
  } finally {
    tf.dispose({ ...tensors });
  }
}

function readAndDispose(losses: NamedTensors<keyof Losses>, ...others: tf.Tensor[]): Losses {
  const values = readLosses(losses as LossTensors);
  tf.dispose([...Object.values(losses), ...others]);
  return values;
}

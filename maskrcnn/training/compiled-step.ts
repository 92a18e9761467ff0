/**
 * The functions of a compiled trainer, over one session's variables, traced for the shapes of one batch:
 *
 * | function | feeds | |
 * |---|---|---|
 * | `train` | batch, `learningRate` | a step on one batch, where `gradientAccumulationSteps` is 1 |
 * | `accumulate` | batch, `keep` | adds a batch's gradients to the sums, where a step takes several |
 * | `apply` | `learningRate`, `share` | the step on the sums |
 * | `validate` | batch | the losses alone |
 *
 * All but `apply` give losses. No variable changes in a call whose losses are not finite.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compileAll, define, type CompiledProgram, type Definitions } from '../../graph/compile.ts';
import type { FunctionResult, NamedTensors } from '../../graph/trace.ts';
import { pyramidAnchors } from '../boxes/anchors.ts';
import type { MaskRcnnConfig } from '../config.ts';
import { cachedAs, type ModelGraphCache } from '../graph-cache.ts';
import type { BatchTensors } from '../model.ts';
import type { Parameters, ParameterSpec } from '../parameters.ts';
import { averagedSource } from './averages.ts';
import type { LossTensors } from './loss-values.ts';
import { accumulateStep, appliedStep, trainStep, validationLosses } from './train-step.ts';
import type { TrainingState } from './training-state.ts';

export type StepProgram = CompiledProgram<Definitions>;

export interface StepProgramOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  readonly trainable: readonly ParameterSpec[];
  readonly state: TrainingState;
  /** A batch of the shapes that will be fed. */
  readonly batch: BatchTensors;
  /** Of the layers that are trained; part of the cached graphs' name. */
  readonly layers: string;
  readonly graphCache?: ModelGraphCache | undefined;
}

/** Traces the functions and loads them with the values that the variables have now. */
export function compileStep(options: StepProgramOptions): StepProgram {
  const { config, parameters, state } = options;
  const { slots, averages, sums } = state;
  const variables = [
    ...parameters.specs.map(({ name }) => parameters.get(name)),
    ...[slots, averages, sums].flatMap((group) => [...group.values()]),
  ];
  const validate = validateFunction(options);
  const definitions: Definitions =
    config.gradientAccumulationSteps === 1
      ? { train: trainFunction(options), validate }
      : { accumulate: accumulateFunction(options), apply: applyFunction(options), validate };
  const { layers, graphCache } = options;
  return compileAll(definitions, {
    variables,
    precision: config.precision,
    ...cachedAs(graphCache, { what: ['train step', layers], config }),
  });
}

const SCALAR = { shape: [], dtype: 'float32' } as const;

function trainFunction(options: StepProgramOptions) {
  return define({ ...batchInputs(options), learningRate: SCALAR }, ({ learningRate, ...batch }) =>
    guarded(
      trainStep({
        ...lossOptions(options, batch),
        ...optimizerOptions(options, learningRate),
      }),
    ),
  );
}

function accumulateFunction(options: StepProgramOptions) {
  return define({ ...batchInputs(options), keep: SCALAR }, ({ keep, ...batch }) =>
    guarded(
      accumulateStep({
        ...lossOptions(options, batch),
        keep: keep as tf.Scalar,
        sums: options.state.sums,
      }),
    ),
  );
}

function applyFunction(options: StepProgramOptions) {
  return define({ learningRate: SCALAR, share: SCALAR }, ({ learningRate, share }) => {
    const { gradientNorm, updates } = appliedStep({
      ...optimizerOptions(options, learningRate),
      share: share as tf.Scalar,
      sums: options.state.sums,
    });
    return { outputs: { gradientNorm }, updates };
  });
}

function validateFunction(options: StepProgramOptions) {
  const parameters = averagedSource(options.parameters, options.state.averages);
  return define(batchInputs(options), (batch) => ({
    outputs: validationLosses({ ...lossOptions(options, batch), parameters }),
  }));
}

function guarded({
  losses,
  updates,
}: {
  readonly losses: LossTensors;
  readonly updates: ReadonlyMap<tf.Variable, tf.Tensor>;
}): FunctionResult<LossTensors> {
  return {
    outputs: losses,
    updates,
    guard: tf.all(tf.isFinite(tf.stack(Object.values(losses)))),
  };
}

/** Called while tracing: the anchors become a constant of the graph. */
function lossOptions(
  { config, parameters, trainable, batch: { images } }: StepProgramOptions,
  batch: NamedTensors,
) {
  const values = pyramidAnchors(config, [images.shape[1], images.shape[2]]);
  const anchors = tf.tensor2d(values, [values.length / 4, 4]);
  // The graph knows shapes, not ranks: the names of the inputs are those of the batch.
  return { config, parameters, trainable, anchors, batch: batch as unknown as BatchTensors };
}

function optimizerOptions(
  { config, parameters, trainable, state: { slots, averages } }: StepProgramOptions,
  learningRate: tf.Tensor,
) {
  return {
    config,
    parameters,
    trainable,
    slots,
    averages,
    learningRate: learningRate as tf.Scalar,
  };
}

const INTEGER_INPUTS: ReadonlySet<string> = new Set(['rpnMatch', 'gtClassIds', 'activeClassIds']);

function batchInputs({ batch }: StepProgramOptions) {
  const specs = Object.entries(batch).map(
    ([name, { shape }]: [string, tf.Tensor]) =>
      [name, { shape, dtype: INTEGER_INPUTS.has(name) ? 'int32' : 'float32' }] as const,
  );
  return Object.fromEntries(specs);
}

/**
 * The model that the process holds between tasks. It is bound to the checkpoint that it equals: the next
 * task goes on with it when it names that checkpoint, and loads otherwise. While an epoch changes the
 * model it is bound to nothing, so that a failed epoch is never continued.
 */
import type { TrainEpochInput } from '../contracts/activities.ts';
import type { CheckpointManifest } from '../contracts/manifests.ts';
import type { InitialWeights } from '../contracts/pipeline-input.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { Parameters, parameterSpecs, trainableParameters } from '../maskrcnn/parameters.ts';
import { averagedParameters } from '../maskrcnn/training/averages.ts';
import { slotSpecs } from '../maskrcnn/training/slots.ts';
import type { TrainerOptions } from '../maskrcnn/training/trainer.ts';
import { loadWeights } from '../maskrcnn/weights/load.ts';
import { loadCheckpoint, readCheckpoint, type LoadedCheckpoint } from '../storage/checkpoints.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { onceASecond, watchedStore } from '../storage/watched-store.ts';
import { createEngine, type TrainingEngine } from './engine.ts';
import { initialParameters, type InitialParameters } from './initial-weights.ts';
import { readState } from './state-file.ts';

export interface WarmModelOptions {
  readonly store: ObjectStore;
  readonly cacheFolder: string;
}

/** What a task gives for loading a model. */
export interface LoadOptions {
  /** A folder of the task's own. */
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onNote: (note: string) => void;
}

export interface EpochModel {
  readonly parameters: Parameters;
  readonly engine: TrainingEngine;
  /** Of a run's first epoch: what the initial weights gave. */
  readonly startedFrom?: string;
}

export interface CheckpointModel {
  readonly parameters: Parameters;
  readonly config: MaskRcnnConfig;
}

/** A checkpoint whose manifest was read, and found to be what the epoch may go on from. */
export interface NamedCheckpoint {
  readonly checkpoint: CheckpointRef;
  readonly manifest: CheckpointManifest;
}

interface Held {
  readonly parameters: Parameters;
  /** Made for training a stage; absent when the model was loaded to be looked at. */
  readonly training: { readonly stage: string; readonly engine: TrainingEngine } | undefined;
  /** Hash of the checkpoint that it equals. */
  readonly checkpoint: string | undefined;
}

export class WarmModel implements Disposable {
  readonly #options: WarmModelOptions;
  #held: Held | undefined;

  constructor(options: WarmModelOptions) {
    this.#options = options;
  }

  /** The model with initial weights, ready for a run's first epoch; then `bind` it to what was saved. */
  async fromWeights(
    input: TrainEpochInput,
    weights: InitialWeights,
    options: LoadOptions,
  ): Promise<EpochModel> {
    const { parameters, startedFrom } = await this.#initial(input, weights, options);
    return { ...(await this.#train(parameters, input, { step: 0 })), startedFrom };
  }

  /** The model as the checkpoint has it, ready for the epoch's next step; then `bind` it to what was saved. */
  async fromCheckpoint(
    input: TrainEpochInput,
    { checkpoint: ref, manifest }: NamedCheckpoint,
    options: LoadOptions,
  ): Promise<EpochModel> {
    const held = this.#equal(ref);
    if (held?.training?.stage === input.stage.name) {
      this.#held = { ...held, checkpoint: undefined };
      return { parameters: held.parameters, engine: held.training.engine };
    }
    const checkpoint = await this.#download(ref, options);
    const state = await stateBefore(input, checkpoint);
    const parameters = await this.#load(checkpoint, checkpoint.weightsPath);
    return this.#train(parameters, input, { step: manifest.step, ...state });
  }

  /** The model as the checkpoint has it, for looking at only: its averaged weights, if it has them. */
  async at(ref: CheckpointRef, options: LoadOptions): Promise<CheckpointModel> {
    const { config, averages } = await readCheckpoint(this.#options.store, ref);
    const held = this.#equal(ref);
    // What is held for training has the weights that training goes on with.
    if (held !== undefined && (averages === null || held.training === undefined)) {
      return { parameters: held.parameters, config };
    }
    const checkpoint = await this.#download(ref, options);
    const { averagesPath, weightsPath } = checkpoint;
    const parameters = await this.#load(checkpoint, averagesPath ?? weightsPath);
    this.#held = { parameters, training: undefined, checkpoint: ref.hash };
    return { parameters, config };
  }

  /** Says which checkpoint the model equals now. */
  bind(ref: CheckpointRef): void {
    if (this.#held !== undefined) this.#held = { ...this.#held, checkpoint: ref.hash };
  }

  [Symbol.dispose](): void {
    this.#held?.training?.engine[Symbol.dispose]();
    this.#held?.parameters[Symbol.dispose]();
    this.#held = undefined;
  }

  #equal(ref: CheckpointRef): Held | undefined {
    return this.#held?.checkpoint === ref.hash ? this.#held : undefined;
  }

  async #initial(
    { config, seed }: TrainEpochInput,
    weights: InitialWeights,
    { signal, onNote }: LoadOptions,
  ): Promise<InitialParameters> {
    // Before anything is made: two models at once may not fit.
    this[Symbol.dispose]();
    const options = { ...this.#options, config, seed, weights, signal, onNote };
    const initial = await initialParameters(options);
    this.#hold(initial.parameters);
    return initial;
  }

  async #download(ref: CheckpointRef, { folder, onNote }: LoadOptions): Promise<LoadedCheckpoint> {
    onNote('loading the checkpoint');
    const onBytes = onceASecond((bytes) =>
      onNote(`loading the checkpoint: ${(bytes / 1e6).toFixed(0)} MB`),
    );
    return loadCheckpoint(watchedStore(this.#options.store, onBytes), ref, folder);
  }

  async #load({ manifest }: LoadedCheckpoint, weightsPath: string): Promise<Parameters> {
    this[Symbol.dispose]();
    const parameters = this.#hold(Parameters.zeros(manifest.config));
    await loadWeights(parameters, weightsPath, { strict: true });
    return parameters;
  }

  #hold(parameters: Parameters): Parameters {
    this.#held = { parameters, training: undefined, checkpoint: undefined };
    return parameters;
  }

  async #train(
    parameters: Parameters,
    { config, stage }: TrainEpochInput,
    state: StateBefore & { readonly step: number },
  ): Promise<EpochModel> {
    const { cacheFolder } = this.#options;
    const engine = await createEngine({
      ...state,
      config,
      parameters,
      layers: stage.layers,
      cacheFolder,
    });
    this.#held = { parameters, training: { stage: stage.name, engine }, checkpoint: undefined };
    return { parameters, engine };
  }
}

type StateBefore = Pick<TrainerOptions, 'slots' | 'averages'>;

/**
 * From the checkpoint. None at a stage's start, as compiling the model anew does in Keras; one from within the
 * stage's first epoch has its state.
 */
async function stateBefore(
  { config, stage, epoch, stageFirstEpoch }: TrainEpochInput,
  { manifest, optimizerPath, averagesPath }: LoadedCheckpoint,
): Promise<StateBefore> {
  const isStart = epoch === stageFirstEpoch && manifest.epoch !== epoch;
  if (isStart || optimizerPath === null) return {};
  const specs = parameterSpecs(config);
  const trainable = trainableParameters(specs, stage.layers);
  const slots = await readState(optimizerPath, slotSpecs(config, trainable));
  if (config.emaDecay === 0 || averagesPath === null) return { slots };
  return { slots, averages: await readState(averagesPath, averagedParameters(specs, trainable)) };
}

/**
 * Where an epoch begins: at the newest sound checkpoint that earlier attempts left within it, else where its
 * activity was told to start. A checkpoint that is damaged is passed over, with a warning.
 */
import { join } from 'node:path';
import type { EpochStart, TrainEpochInput } from '../../contracts/activities.ts';
import type { CheckpointManifest } from '../../contracts/manifests.ts';
import type { Losses } from '../../contracts/progress.ts';
import type { CheckpointRef } from '../../contracts/references.ts';
import type { BatchLoader } from '../../datasets/loader/batch-loader.ts';
import { trainingRecipes } from '../../datasets/loader/batch-recipe.ts';
import type { BatchStream } from '../../datasets/loader/batch-stream.ts';
import { batchSize } from '../../maskrcnn/config.ts';
import { NO_LOSSES } from '../../maskrcnn/training/loss-values.ts';
import { readCheckpoint } from '../../storage/checkpoints.ts';
import type { EpochHashes } from '../checkpoints/epoch-hashes.ts';
import { isDamage, requirePlace, requireSameRun } from '../checkpoints/soundness.ts';
import { CheckpointDamagedError } from '../errors.ts';
import { log } from '../log.ts';
import type { TaskOf } from '../protocol.ts';
import type { TaskTools } from '../tools.ts';
import type { EpochModel, LoadOptions } from '../warm-model.ts';

/** An epoch that is ready for its next step. */
export interface StartedEpoch {
  readonly model: EpochModel;
  /** The batches of the steps that are left; whoever started the epoch disposes of it. */
  readonly batches: BatchStream;
  /** Steps taken in the whole run before this epoch. */
  readonly stepsBefore: number;
  /** Of this epoch. */
  readonly done: { readonly steps: number; readonly lossSums: Losses };
  /** Within this epoch: the one that it goes on from, and older ones; newest first. */
  readonly checkpoints: readonly CheckpointRef[];
  readonly warnings: readonly string[];
}

export interface StartOptions extends LoadOptions {
  /** Of the training images. */
  readonly ids: readonly string[];
  readonly hashes: EpochHashes;
}

/**
 * Throws `CheckpointDamagedError` when even the start is damaged, `OtherRecipeError` when a checkpoint is of
 * another recipe or other data, and what is no damage: the store is away, the signal was aborted.
 */
export async function startEpoch(
  { input, leftBehind }: TaskOf<'train-epoch'>,
  tools: TaskTools,
  options: StartOptions,
): Promise<StartedEpoch> {
  const warnings: string[] = [];
  for (const [age, checkpoint] of leftBehind.checkpoints.entries()) {
    const from = { kind: 'checkpoint', checkpoint } as const;
    const folder = join(options.folder, String(age));
    const older = leftBehind.checkpoints.slice(age + 1);
    try {
      const started = await startFrom(from, input, tools, { ...options, folder });
      const { checkpoints } = started;
      return {
        ...started,
        checkpoints: [...checkpoints, ...older],
        warnings: [...warnings, ...started.warnings],
      };
    } catch (error) {
      if (!isDamage(error)) throw error;
      const warning = passedOver(checkpoint, error);
      warnings.push(warning);
      // The result has it too, unless this attempt is lost as well; the log keeps it.
      log.warn(warning);
    }
  }
  const { start } = input;
  try {
    const started = await startFrom(start, input, tools, options);
    return { ...started, warnings: [...warnings, ...started.warnings] };
  } catch (error) {
    if (start.kind !== 'checkpoint' || !isDamage(error)) throw error;
    throw new CheckpointDamagedError(start.checkpoint, error);
  }
}

async function startFrom(
  start: EpochStart,
  input: TrainEpochInput,
  { store, loader, warm }: TaskTools,
  options: StartOptions,
): Promise<StartedEpoch> {
  const { ids, hashes, signal } = options;
  if (start.kind === 'initial') {
    const batches = openTraining(loader, { input, ids, signal, stepsDone: 0 });
    return disposingOnFailure(batches, async () => {
      const model = await warm.fromWeights(input, start.weights, options);
      const done = { steps: 0, lossSums: NO_LOSSES };
      return { model, batches, stepsBefore: 0, done, checkpoints: [], warnings: [] };
    });
  }
  const { checkpoint } = start;
  const manifest = await readCheckpoint(store, checkpoint);
  requirePlace(checkpoint, manifest);
  const warnings = requireSameRun({ checkpoint, manifest, hashes, stage: input.stage.name });
  const { stepsBefore, done, isWithin } = placeIn(input, manifest);
  // The first batches are made while the model is loaded.
  const batches = openTraining(loader, { input, ids, signal, stepsDone: done.steps });
  return disposingOnFailure(batches, async () => {
    const model = await warm.fromCheckpoint(input, { checkpoint, manifest }, options);
    const checkpoints = isWithin ? [checkpoint] : [];
    return { model, batches, stepsBefore, done, checkpoints, warnings };
  });
}

/** How far a checkpoint is in the epoch: not at all, when it is of the one before. */
function placeIn({ epoch }: TrainEpochInput, manifest: CheckpointManifest) {
  const { step, stepInEpoch, lossSums } = manifest;
  return manifest.epoch === epoch
    ? { stepsBefore: step - stepInEpoch, done: { steps: stepInEpoch, lossSums }, isWithin: true }
    : { stepsBefore: step, done: { steps: 0, lossSums: NO_LOSSES }, isWithin: false };
}

interface OpenTrainingOptions extends Pick<StartOptions, 'ids' | 'signal'> {
  readonly input: TrainEpochInput;
  readonly stepsDone: number;
}

function openTraining(
  loader: BatchLoader,
  { input, ids, signal, stepsDone }: OpenTrainingOptions,
): BatchStream {
  const { records, config, augmentation, seed, epoch } = input;
  const { stepsPerEpoch, gradientAccumulationSteps: batchesPerStep } = config;
  const recipes = trainingRecipes({
    ids,
    seed,
    epoch,
    batches: stepsPerEpoch * batchesPerStep,
    batchSize: batchSize(config),
  }).slice(stepsDone * batchesPerStep);
  return loader.batches({ recipes, records, config, augmentation, signal });
}

async function disposingOnFailure<T>(owned: AsyncDisposable, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await owned[Symbol.asyncDispose]();
    throw error;
  }
}

function passedOver({ manifestKey, epoch, stepInEpoch }: CheckpointRef, error: Error): string {
  return (
    `The checkpoint ${manifestKey} (epoch ${String(epoch)}, step ${String(stepInEpoch)}) is damaged and was ` +
    `passed over: ${error.message}`
  );
}

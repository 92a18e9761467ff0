/**
 * One epoch: the state before it (a checkpoint, or the initial weights) → steps → validation → the
 * checkpoint after it. All randomness is a function of (seed, epoch, step, image), so an epoch that runs
 * again in another process ends in the very same weights.
 */
import { join } from 'node:path';
import type { TrainEpochOutput } from '../../contracts/activities.ts';
import { splitManifestSchema } from '../../contracts/manifests.ts';
import type { Losses } from '../../contracts/progress.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import type { BatchLoader } from '../../datasets/loader/batch-loader.ts';
import { trainingRecipes, validationRecipes } from '../../datasets/loader/batch-recipe.ts';
import type { BatchStream } from '../../datasets/loader/batch-stream.ts';
import { batchSize, type MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { averagedSource } from '../../maskrcnn/training/averages.ts';
import { meanLosses } from '../../maskrcnn/training/loss-values.ts';
import { learningRateAt } from '../../maskrcnn/training/schedule.ts';
import { slotSpecs } from '../../maskrcnn/training/slots.ts';
import { saveWeights } from '../../maskrcnn/weights/load.ts';
import { createEventWriter, type EventWriter } from '../../report/tensorboard.ts';
import { saveCheckpoint, type CheckpointToSave } from '../../storage/checkpoints.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { uploadFile } from '../../storage/stored-files.ts';
import { epochHashes } from '../checkpoints/epoch-hashes.ts';
import type { TaskOf } from '../protocol.ts';
import { breathe, type TaskContext } from '../serve.ts';
import { saveSlots } from '../state-file.ts';
import { makeWorkspace, type TaskTools } from '../tools.ts';
import type { EpochModel } from '../warm-model.ts';
import { epochAccount, peakResidentBytes, type EpochAccount } from './epoch-account.ts';

type TrainEpochTask = TaskOf<'train-epoch'>;

/** What the parts of an epoch share. */
interface Epoch extends TaskContext {
  readonly task: TrainEpochTask;
  readonly model: EpochModel;
  readonly events: EventWriter;
}

export async function trainEpoch(
  task: TrainEpochTask,
  context: TaskContext,
  { store, cacheFolder, warm, loader }: TaskTools,
): Promise<TrainEpochOutput> {
  const began = performance.now();
  const { input, attempt } = task;
  const { runId, config, stage, epoch } = input;
  const onNote = (note: string) =>
    context.report({ done: 0, total: config.stepsPerEpoch, unit: 'steps', note });

  onNote('opening the records');
  await using workspace = await makeWorkspace(cacheFolder);
  const ids = await readNamedDocument(store, input.split, splitManifestSchema);
  // The first batches are made while the model is loaded.
  await using batches = openTraining(loader, { input, ids: ids.training, signal: context.signal });
  const model = await warm.forEpoch(input, {
    folder: join(workspace.folder, 'start'),
    signal: context.signal,
    onNote,
  });
  const eventsName = `events.out.tfevents.${String(Math.floor(Date.now() / 1000))}.e${String(epoch)}-${attempt}`;
  using events = createEventWriter({ path: join(workspace.folder, eventsName) });

  const parts: Epoch = { ...context, task, model, events };
  const account = await runSteps(parts, batches);
  const validation = await validate(parts, loader, ids.validation);

  model.engine.sync();
  const paths = await saveState(model, config, workspace.folder);
  const step = model.step + config.stepsPerEpoch;
  const place = { runId, stage: stage.name, epoch, stepInEpoch: account.stepsDone, step, attempt };
  const hashes = await epochHashes(input);
  const facts = { config, lossSums: account.lossSums, best: input.best, hashes };
  const checkpoint = await saveCheckpoint(store, { ...place, ...facts, ...paths });
  events.close();
  const eventsKey = `${storeKeys.eventsFolder(runId, stage.name)}/${eventsName}`;
  await uploadFile(store, eventsKey, join(workspace.folder, eventsName));
  warm.bind(checkpoint);

  const seconds = (performance.now() - began) / 1000;
  const { startedFrom } = model;
  const started = startedFrom === undefined ? {} : { startedFrom };
  const losses = { training: account.meanLosses, validation };
  const result = { stage: stage.name, epoch, ...losses, seconds, ...started };
  return { kind: 'finished', checkpoint, result };
}

interface OpenTrainingOptions extends Pick<TaskContext, 'signal'>, Pick<TrainEpochTask, 'input'> {
  readonly ids: readonly string[];
}

function openTraining(
  loader: BatchLoader,
  { input, ids, signal }: OpenTrainingOptions,
): BatchStream {
  const { records, config, augmentation, seed, epoch } = input;
  const recipes = trainingRecipes({
    ids,
    seed,
    epoch,
    batches: config.stepsPerEpoch * config.gradientAccumulationSteps,
    batchSize: batchSize(config),
  });
  return loader.batches({ recipes, records, config, augmentation, signal });
}

/** Trains; the account has the mean losses, as Keras shows them at an epoch's end. Steps are the optimizer's. */
async function runSteps(epoch: Epoch, batches: BatchStream): Promise<EpochAccount> {
  const { task, model, events, signal, report } = epoch;
  const { config, stage, stageFirstEpoch } = task.input;
  const { stepsPerEpoch: steps, gradientAccumulationSteps: batchesPerStep } = config;
  const account = epochAccount({ steps, batchSize: batchSize(config) * batchesPerStep });
  const schedule = { ...stage, totalSteps: stage.epochs * steps };

  let step = 0;
  const ofStep: Losses[] = [];
  account.askForData();
  for await (const batch of batches) {
    account.haveData();
    if (ofStep.length + 1 < batchesPerStep) {
      ofStep.push(model.engine.accumulate(batch));
    } else {
      const rate = learningRateAt(schedule, (task.input.epoch - stageFirstEpoch) * steps + step);
      ofStep.push(model.engine.step(batch, rate));
      step++;
      const losses = meanLosses(ofStep.splice(0));
      account.finishStep(losses);
      writeLosses(events, 'step', losses, model.step + step);
      events.scalar('learning-rate', rate, model.step + step);
    }
    report(account.progress());
    await breathe(signal);
    account.askForData();
  }
  const mean = account.meanLosses;
  writeLosses(events, 'training', mean, model.step + steps);
  events.scalar('images-per-second', account.imagesPerSecond, model.step + steps);
  events.scalar('data-wait-share', account.dataWaitShare, model.step + steps);
  events.scalar('peak-resident-gigabytes', peakResidentBytes() / 1e9, model.step + steps);
  return account;
}

/** Writes what a checkpoint is made of. */
async function saveState(
  { parameters, engine }: EpochModel,
  config: MaskRcnnConfig,
  folder: string,
): Promise<Pick<CheckpointToSave, 'weightsPath' | 'optimizerPath' | 'averagesPath'>> {
  const weightsPath = join(folder, 'weights.h5');
  const optimizerPath = join(folder, 'optimizer.h5');
  await saveWeights(parameters, weightsPath);
  await saveSlots(optimizerPath, slotSpecs(config, engine.trainable), engine.slots);
  if (config.emaDecay === 0) return { weightsPath, optimizerPath, averagesPath: null };
  const averagesPath = join(folder, 'averages.h5');
  await saveWeights(averagedSource(parameters, engine.averages), averagesPath);
  return { weightsPath, optimizerPath, averagesPath };
}

/** Mean losses over the validation steps, on the same batches after every epoch; `null` without any. */
async function validate(
  { task, model, events, signal, report }: Epoch,
  loader: BatchLoader,
  ids: readonly string[],
): Promise<Losses | null> {
  const { records, config, seed } = task.input;
  const recipes = validationRecipes({
    ids,
    seed,
    batchSize: batchSize(config),
    batches: config.validationSteps,
  });
  if (recipes.length === 0) return null;
  const all: Losses[] = [];
  const options = { recipes, records, config, augmentation: null, signal };
  for await (const batch of loader.batches(options)) {
    const losses = model.engine.validate(batch);
    all.push(losses);
    report({ done: all.length, total: recipes.length, unit: 'steps', note: 'validating', losses });
    await breathe(signal);
  }
  const mean = meanLosses(all);
  writeLosses(events, 'validation', mean, model.step + config.stepsPerEpoch);
  return mean;
}

function writeLosses(events: EventWriter, group: string, losses: Losses, step: number): void {
  for (const [name, value] of Object.entries(losses))
    events.scalar(`${group}/${name}`, value, step);
}

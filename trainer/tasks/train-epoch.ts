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
import { openRecords, type RecordSet } from '../../datasets/record-set.ts';
import { trainingBatches, validationBatches } from '../../datasets/training-samples.ts';
import { batchSize, type MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import { averagedSource } from '../../maskrcnn/training/averages.ts';
import { buildBatch } from '../../maskrcnn/training/batch.ts';
import { meanLosses } from '../../maskrcnn/training/loss-values.ts';
import { learningRateAt } from '../../maskrcnn/training/schedule.ts';
import { slotSpecs } from '../../maskrcnn/training/slots.ts';
import { saveWeights } from '../../maskrcnn/weights/load.ts';
import { createEventWriter, type EventWriter } from '../../report/tensorboard.ts';
import { saveCheckpoint, type CheckpointToSave } from '../../storage/checkpoints.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { uploadFile } from '../../storage/stored-files.ts';
import type { TaskOf } from '../protocol.ts';
import { breathe, type TaskContext } from '../serve.ts';
import { saveSlots } from '../state-file.ts';
import { makeWorkspace, type TaskTools } from '../tools.ts';
import type { EpochModel } from '../warm-model.ts';
import { epochAccount } from './epoch-account.ts';

type TrainEpochTask = TaskOf<'train-epoch'>;

/** What the parts of an epoch share. */
interface Epoch extends TaskContext {
  readonly task: TrainEpochTask;
  readonly model: EpochModel;
  readonly records: RecordSet;
  readonly ids: { readonly training: readonly string[]; readonly validation: readonly string[] };
  readonly events: EventWriter;
}

export async function trainEpoch(
  task: TrainEpochTask,
  context: TaskContext,
  { store, cacheFolder, warm }: TaskTools,
): Promise<TrainEpochOutput> {
  const began = performance.now();
  const { input, attempt } = task;
  const { runId, config, stage, epoch } = input;
  const onNote = (note: string) =>
    context.report({ done: 0, total: config.stepsPerEpoch, unit: 'steps', note });

  onNote('opening the records');
  await using workspace = await makeWorkspace(cacheFolder);
  const ids = await readNamedDocument(store, input.split, splitManifestSchema);
  await using records = await openRecords({ store, records: input.records, cacheFolder });
  const model = await warm.forEpoch(input, {
    folder: join(workspace.folder, 'start'),
    signal: context.signal,
    onNote,
  });
  const eventsName = `events.out.tfevents.${String(Math.floor(Date.now() / 1000))}.e${String(epoch)}-${attempt}`;
  using events = createEventWriter({ path: join(workspace.folder, eventsName) });

  const parts: Epoch = { ...context, task, model, records, ids, events };
  const training = await runSteps(parts);
  const validation = await validate(parts);

  model.engine.sync();
  const paths = await saveState(model, config, workspace.folder);
  const step = model.step + config.stepsPerEpoch;
  const place = { runId, stage: stage.name, epoch, step, attempt, config };
  const checkpoint = await saveCheckpoint(store, { ...place, ...paths });
  events.close();
  const eventsKey = `${storeKeys.eventsFolder(runId, stage.name)}/${eventsName}`;
  await uploadFile(store, eventsKey, join(workspace.folder, eventsName));
  warm.bind(checkpoint);

  const seconds = (performance.now() - began) / 1000;
  const { startedFrom } = model;
  const started = startedFrom === undefined ? {} : { startedFrom };
  const losses = { training, validation };
  return { checkpoint, result: { stage: stage.name, epoch, ...losses, seconds, ...started } };
}

/** Trains and gives the mean losses, as Keras shows them at an epoch's end. Steps are the optimizer's. */
async function runSteps(epoch: Epoch): Promise<Losses> {
  const { task, model, records, ids, events, signal, report } = epoch;
  const { config, seed, stage, stageFirstEpoch, augmentation } = task.input;
  const { stepsPerEpoch: steps, gradientAccumulationSteps: batchesPerStep } = config;
  const size = batchSize(config);
  const account = epochAccount({ steps, batchSize: size * batchesPerStep });
  const schedule = { ...stage, totalSteps: stage.epochs * steps };
  const batches = trainingBatches({
    records,
    ids: ids.training,
    batchSize: size,
    seed,
    epoch: task.input.epoch,
    steps: steps * batchesPerStep,
    augmentation,
  });

  let step = 0;
  let seen = 0;
  const ofStep: Losses[] = [];
  account.askForData();
  for await (const images of batches) {
    const random = randomStream(seed, 'batch', task.input.epoch, seen);
    const batch = buildBatch(images, config, random);
    account.haveData();
    seen++;
    if (seen % batchesPerStep === 0) {
      const rate = learningRateAt(schedule, (task.input.epoch - stageFirstEpoch) * steps + step);
      ofStep.push(model.engine.step(batch, rate));
      step++;
      const losses = meanLosses(ofStep.splice(0));
      account.finishStep(losses);
      writeLosses(events, 'step', losses, model.step + step);
      events.scalar('learning-rate', rate, model.step + step);
    } else {
      ofStep.push(model.engine.accumulate(batch));
    }
    report(account.progress());
    await breathe(signal);
    account.askForData();
  }
  const mean = account.meanLosses;
  writeLosses(events, 'training', mean, model.step + steps);
  events.scalar('images-per-second', account.imagesPerSecond, model.step + steps);
  return mean;
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
async function validate({
  task,
  model,
  records,
  ids,
  events,
  signal,
  report,
}: Epoch): Promise<Losses | null> {
  const { config, seed } = task.input;
  const total = Math.min(
    config.validationSteps,
    Math.ceil(ids.validation.length / batchSize(config)),
  );
  if (total === 0) return null;
  const all: Losses[] = [];
  const batches = validationBatches({
    records,
    ids: ids.validation,
    batchSize: batchSize(config),
    steps: total,
  });
  for await (const images of batches) {
    const random = randomStream(seed, 'validation', all.length);
    const losses = model.engine.validate(buildBatch(images, config, random));
    all.push(losses);
    report({ done: all.length, total, unit: 'steps', note: 'validating', losses });
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

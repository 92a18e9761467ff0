/**
 * One epoch: the state before it (a checkpoint, or the initial weights) → steps → checkpoint → validation. On the
 * way checkpoints are saved as time passes, so that the next attempt goes on from the newest. All randomness is
 * a function of (seed, epoch, step, image): in however many attempts an epoch is done, it ends in the very same
 * weights.
 *
 * Asked to stop, it saves after the step under way and says how far it came, instead of failing.
 */
import { join } from 'node:path';
import type { TrainEpochOutput } from '../../contracts/activities.ts';
import { splitManifestSchema } from '../../contracts/manifests.ts';
import type { EpochResult, Losses } from '../../contracts/progress.ts';
import type { BatchLoader } from '../../datasets/loader/batch-loader.ts';
import { validationRecipes } from '../../datasets/loader/batch-recipe.ts';
import type { BatchStream } from '../../datasets/loader/batch-stream.ts';
import { batchSize } from '../../maskrcnn/config.ts';
import { meanLosses } from '../../maskrcnn/training/loss-values.ts';
import { learningRateAt } from '../../maskrcnn/training/schedule.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { uploadFile } from '../../storage/stored-files.ts';
import { epochHashes } from '../checkpoints/epoch-hashes.ts';
import { EpochSaver } from '../checkpoints/epoch-saver.ts';
import { log } from '../log.ts';
import type { Measure } from '../measures.ts';
import type { TaskOf } from '../protocol.ts';
import { breathe, type TaskContext } from '../serve.ts';
import { makeWorkspace, type TaskTools } from '../tools.ts';
import { epochAccount, peakResidentBytes, type EpochAccount } from './epoch-account.ts';
import { openEvents, writeLosses, type EpochEvents } from './epoch-events.ts';
import { startEpoch, type StartedEpoch } from './epoch-start.ts';

type TrainEpochTask = TaskOf<'train-epoch'>;

/** What the parts of an epoch share. */
interface Epoch extends TaskContext {
  readonly task: TrainEpochTask;
  readonly started: StartedEpoch;
  readonly events: EpochEvents;
  readonly account: EpochAccount;
  readonly saver: EpochSaver;
}

export async function trainEpoch(
  task: TrainEpochTask,
  context: TaskContext,
  tools: TaskTools,
): Promise<TrainEpochOutput> {
  const began = performance.now();
  const { input, leftBehind } = task;
  const { signal } = context;
  await using workspace = await makeWorkspace(tools.cacheFolder);
  const { folder } = workspace;
  const hashes = await epochHashes(input);

  const onNote = noteBefore(task, context);
  onNote('opening the records');
  const split = await readNamedDocument(tools.store, input.split, splitManifestSchema);

  let started: StartedEpoch;
  try {
    const options = { ids: split.training, hashes, folder: join(folder, 'start'), signal, onNote };
    started = await startEpoch(task, tools, options);
  } catch (error) {
    if (error !== signal.reason) throw error;
    return { kind: 'interrupted', checkpoint: leftBehind.checkpoints[0] ?? null };
  }
  const { model } = started;
  await using batches = started.batches;
  using events = openEvents(task, folder);
  const account = openAccount(task, started);
  const stepsRedone = stepsRedoneBy(task, started);
  const report: TaskContext['report'] = (progress, measured) =>
    context.report({ ...progress, checkpoints: [...saver.checkpoints], stepsRedone }, measured);
  const saver = new EpochSaver({
    ...{ task, started, hashes, events, folder, uploader: tools.uploader, signal },
    onNote: (note) => report({ ...account.progress(), note }),
    onMeasure: context.measure,
  });
  const epoch: Epoch = { ...context, report, task, started, events, account, saver };

  try {
    await runSteps(epoch, batches);
    // Its upload goes on beside the validation.
    const { saved } = await saver.save(account);
    const validation = await validate(epoch, tools.loader, split.validation);
    const checkpoint = await saved;
    tools.warm.bind(checkpoint);
    report({ ...account.progress(), note: 'saved' });
    await uploadFile(tools.store, events.key, events.path);
    const result: EpochResult = {
      ...{ stage: input.stage.name, epoch: input.epoch },
      ...{ training: account.meanLosses, validation },
      seconds: (performance.now() - began) / 1000,
      ...(model.startedFrom === undefined ? {} : { startedFrom: model.startedFrom }),
      ...(stepsRedone === 0 ? {} : { stepsRedone }),
      ...warningsOf(started, saver),
    };
    return { kind: 'finished', checkpoint, result };
  } catch (error) {
    if (error !== signal.reason) throw error;
    if (account.stepsDone === 0) return { kind: 'interrupted', checkpoint: null };
    model.engine.restartStep();
    const { saved } = await saver.save(account);
    const checkpoint = await saved;
    tools.warm.bind(checkpoint);
    return { kind: 'interrupted', checkpoint };
  }
}

/** Before the first step nothing is known but what earlier attempts said; saying less would lose it. */
function noteBefore({ input, leftBehind }: TrainEpochTask, { report }: TaskContext) {
  const { checkpoints, stepsDone: done, stepsRedone } = leftBehind;
  const total = input.config.stepsPerEpoch;
  return (note: string) =>
    report({ done, total, unit: 'steps', note, checkpoints: [...checkpoints], stepsRedone });
}

function openAccount({ input }: TrainEpochTask, { done }: StartedEpoch): EpochAccount {
  const { config } = input;
  const imagesPerStep = batchSize(config) * config.gradientAccumulationSteps;
  return epochAccount({ steps: config.stepsPerEpoch, batchSize: imagesPerStep, before: done });
}

/** In all attempts: what was lost with the last one is done again by this one. */
function stepsRedoneBy({ leftBehind }: TrainEpochTask, { done }: StartedEpoch): number {
  return leftBehind.stepsRedone + Math.max(0, leftBehind.stepsDone - done.steps);
}

function warningsOf(started: StartedEpoch, saver: EpochSaver): Pick<EpochResult, 'warnings'> {
  const warnings = [...started.warnings, ...saver.warnings];
  return warnings.length === 0 ? {} : { warnings };
}

/** Trains to the epoch's last step, or until the signal is aborted: then throws its reason. Steps are the optimizer's. */
async function runSteps(epoch: Epoch, batches: BatchStream): Promise<void> {
  const { task, started, events, account, saver, signal, report } = epoch;
  const { config, stage, stageFirstEpoch } = task.input;
  const { stepsPerEpoch: steps, gradientAccumulationSteps: batchesPerStep } = config;
  const { engine } = started.model;
  const schedule = { ...stage, totalSteps: stage.epochs * steps };
  const firstOfEpoch = (task.input.epoch - stageFirstEpoch) * steps;

  const ofStep: Losses[] = [];
  account.askForData();
  for await (const batch of batches) {
    account.haveData();
    let measured: Measure | undefined;
    if (ofStep.length + 1 < batchesPerStep) {
      ofStep.push(engine.accumulate(batch));
    } else {
      const rate = learningRateAt(schedule, firstOfEpoch + account.stepsDone);
      ofStep.push(engine.step(batch, rate));
      const losses = meanLosses(ofStep.splice(0));
      account.finishStep(losses);
      measured = { kind: 'step', learningRate: rate, seconds: account.stepSeconds };
      const step = started.stepsBefore + account.stepsDone;
      writeLosses(events, { group: 'step', losses, step });
      events.writer.scalar('learning-rate', rate, step);
      await saver.saveIfDue(account);
    }
    report(account.progress(), measured);
    await breathe(signal);
    account.askForData();
  }
  if (account.stepsDone > started.done.steps) writeAccount(epoch);
}

/** The epoch's own points; losses are means over its steps, as Keras shows them at an epoch's end. */
function writeAccount({ started, events, account }: Epoch): void {
  const step = started.stepsBefore + account.stepsDone;
  const { imagesPerSecond, dataWaitShare, meanLosses } = account;
  log.info(
    { step, loss: meanLosses.total, imagesPerSecond, dataWaitShare },
    "The epoch's steps are done",
  );
  writeLosses(events, { group: 'training', losses: meanLosses, step });
  events.writer.scalar('images-per-second', imagesPerSecond, step);
  events.writer.scalar('data-wait-share', dataWaitShare, step);
  events.writer.scalar('peak-resident-gigabytes', peakResidentBytes() / 1e9, step);
}

/** Mean losses over the validation steps, on the same batches after every epoch; `null` without any. */
async function validate(
  { task, started, events, signal, report }: Epoch,
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
    const losses = started.model.engine.validate(batch);
    all.push(losses);
    const done = { done: all.length, total: recipes.length, unit: 'validation steps' };
    report({ ...done, note: 'validating', losses });
    await breathe(signal);
  }
  const mean = meanLosses(all);
  const step = started.stepsBefore + config.stepsPerEpoch;
  writeLosses(events, { group: 'validation', losses: mean, step });
  return mean;
}

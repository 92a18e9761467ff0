/**
 * The whole recipe, durably: archives → pairs → split → records → stages of epochs → scores → a published
 * version. It passes references only, so its history does not grow with the number of images.
 *
 * The workflow id is the run's id: the starter gives it, keys in the store and the CLI use it.
 */
import { executeChild, ParentClosePolicy, setHandler, workflowInfo } from '@temporalio/workflow';
import type { EpochStart } from '../contracts/activities.ts';
import type { PipelineInput } from '../contracts/pipeline-input.ts';
import type { PipelineResult } from '../contracts/progress.ts';
import type {
  CheckpointRef,
  DatasetRef,
  RawRef,
  RecordsRef,
  SplitRef,
} from '../contracts/references.ts';
import { dataActivities, trainingActivities } from './activity-options.ts';
import { configHash } from './config-hash.ts';
import { epochFinishedSignal, stageStoppedSignal, statusQuery } from './messages.ts';
import { isRunCancellation, runFailure } from './run-failure.ts';
import { RunProgress } from './run-progress.ts';
import { trainStage } from './train-stage.ts';
import { validateInput } from './validate-input.ts';

/** `request` is a `PipelineRequest`, unchecked. */
export async function trainingPipeline(request: unknown): Promise<PipelineResult> {
  const { workflowId: runId } = workflowInfo();
  const progress = new RunProgress(runId);
  setHandler(statusQuery, () => progress.status(), { description: 'How far the run is' });
  setHandler(epochFinishedSignal, (result) => progress.epochFinished(result));
  setHandler(stageStoppedSignal, (stop) => progress.stageStopped(stop));
  try {
    const result = await runPipeline(runId, validateInput(request), progress);
    progress.end('completed');
    return result;
  } catch (error) {
    if (isRunCancellation(error)) {
      progress.end('cancelled', 'cancelled');
      throw error;
    }
    const failure = runFailure(error);
    progress.end('failed', failure.message);
    throw failure;
  }
}

async function runPipeline(
  runId: string,
  input: PipelineInput,
  progress: RunProgress,
): Promise<PipelineResult> {
  progress.expectEpochs(input.training.stages.reduce((sum, { epochs }) => sum + epochs, 0));
  const data = await prepareData(input, progress);
  const { split, records } = data;
  const { evaluation: howToEvaluate, publish } = input;
  const hash = configHash(input);
  const { findOutcome } = dataActivities(input.timeouts);
  const { key: outcomeKey, earlier } = await findOutcome({
    initialWeights: input.training.initialWeights,
    configHash: hash,
    ...{ split, records, evaluation: howToEvaluate, publish },
  });
  if (earlier !== null && !input.force) {
    progress.nothingNew(earlier);
    return { ...earlier, outcome: 'no-change' };
  }
  const checkpoint = await progress.during(
    'train',
    () => train(runId, input, data),
    () => progress.trainingSummary(),
  );

  const { evaluateModel, publishModel } = trainingActivities(input.timeouts);
  const { dataset } = data;
  const evaluation = await progress.during(
    'evaluate',
    () =>
      evaluateModel.executeWithOptions({ summary: `${split.validation} validation images` }, [
        { runId, checkpoint, dataset, split, ...input.evaluation },
      ]),
    ({ scores }) =>
      `Jaccard ${scores.jaccard.toFixed(3)}, threshold Jaccard ${scores.thresholdJaccard.toFixed(3)}`,
  );
  progress.scored(evaluation.scores);
  const { version, alias } = await progress.during(
    'publish',
    () =>
      publishModel.executeWithOptions({ summary: input.publish.model }, [
        { runId, checkpoint, evaluation, ...data, ...publish, configHash: hash, outcomeKey },
      ]),
    (published) =>
      `${published.version.model} ${published.version.version}: ${published.alias.reason}`,
  );
  return { runId, outcome: 'trained', evaluation, version, alias };
}

interface PreparedData {
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly records: RecordsRef;
}

async function prepareData(input: PipelineInput, progress: RunProgress): Promise<PreparedData> {
  const { inspectDataset, splitDataset, prepareRecords } = dataActivities(input.timeouts);
  // The small archive is unpacked while the large one still comes in.
  const [images, masks] = await Promise.all([
    acquire('images', input, progress),
    acquire('masks', input, progress),
  ]);
  const dataset = await progress.during(
    'inspect',
    () => inspectDataset({ dataset: input.dataset.name, images, masks, ...input.inspection }),
    ({ pairs, quarantined }) => `${pairs} pairs, ${quarantined} quarantined`,
  );
  const split = await progress.during(
    'split',
    () => splitDataset({ dataset, ...input.split }),
    ({ training, validation }) => `${training} for training, ${validation} for validation`,
  );
  const records = await progress.during(
    'records',
    () => prepareRecords({ dataset, split, config: input.model }),
    ({ records: count, size }) => `${count} records at ${size} px`,
  );
  return { dataset, split, records };
}

async function acquire(
  role: 'images' | 'masks',
  { dataset, timeouts }: PipelineInput,
  progress: RunProgress,
): Promise<RawRef> {
  const { fetchArchive, unpackArchive } = dataActivities(timeouts);
  const archive = await progress.during(
    `fetch-${role}`,
    () =>
      fetchArchive.executeWithOptions({ summary: role }, [
        { dataset: dataset.name, role, source: dataset[role] },
      ]),
    ({ bytes }) =>
      bytes < 1e6 ? `${(bytes / 1e3).toFixed(0)} kB` : `${(bytes / 1e6).toFixed(1)} MB`,
  );
  return progress.during(
    `unpack-${role}`,
    () => unpackArchive.executeWithOptions({ summary: role }, [{ dataset: dataset.name, archive }]),
    ({ entries }) => `${entries} files`,
  );
}

/** Runs the stages one after another, each from where the one before stopped. */
async function train(
  runId: string,
  { model, training, checkpoints, timeouts }: PipelineInput,
  { split, records }: PreparedData,
): Promise<CheckpointRef> {
  const { seed, augmentation, earlyStopping, initialWeights, stages } = training;
  const data = { split, records };
  const common = {
    runId,
    config: model,
    seed,
    augmentation,
    earlyStopping,
    ...data,
    checkpoints,
    timeouts,
  };
  let start: EpochStart = { kind: 'initial', weights: initialWeights };
  let checkpoint: CheckpointRef | undefined;
  let stageFirstEpoch = 1;
  for (const stage of stages) {
    checkpoint = await executeChild(trainStage, {
      workflowId: `${runId}-${stage.name}`,
      // A stage of a closed pipeline is of no use; cancelling lets its trainer stop in good order.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      staticSummary: `${stage.layers}: epochs ${stageFirstEpoch} to ${stageFirstEpoch + stage.epochs - 1}`,
      args: [{ ...common, stage, stageFirstEpoch, start }],
    });
    start = { kind: 'checkpoint', checkpoint };
    stageFirstEpoch += stage.epochs;
  }
  if (checkpoint === undefined) throw new Error('the recipe has no stages');
  return checkpoint;
}

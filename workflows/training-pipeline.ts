/**
 * The whole recipe, durably: archives → pairs → split → records → stages of epochs → scores → a published
 * version. It passes references only, so its history does not grow with the number of images.
 *
 * The workflow id is the run's id: the starter gives it, keys in the store and the CLI use it.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { FoundOutcome, PublishModelOutput } from '../contracts/activities.ts';
import type { PipelineInput } from '../contracts/pipeline-input.ts';
import type { PipelineResult } from '../contracts/progress.ts';
import type { CheckpointRef, EvaluationRef } from '../contracts/references.ts';
import { dataActivities, trainingActivities } from './activity-options.ts';
import { configHash } from './config-hash.ts';
import { acceptControls } from './control-handlers.ts';
import {
  epochFinishedSignal,
  stageRestsSignal,
  stageWarnedSignal,
  statusQuery,
} from './messages.ts';
import { prepareData, type PreparedData } from './prepare-data.ts';
import type { Run } from './run.ts';
import { RunControl } from './run-control.ts';
import { isRunCancellation, runFailure } from './run-failure.ts';
import { RunProgress } from './run-progress.ts';
import { Training } from './training.ts';
import { validateInput } from './validate-input.ts';

/** `request` is a `PipelineRequest`, unchecked. */
export async function trainingPipeline(request: unknown): Promise<PipelineResult> {
  const { workflowId: runId } = workflowInfo();
  const control = new RunControl();
  const progress = new RunProgress(runId, control);
  listenToStages(control, progress);
  try {
    const input = validateInput(request);
    control.plan(input.training.stages);
    acceptControls(control, progress);
    const result = await runPipeline({ runId, input, control, progress });
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
  } finally {
    // Whoever waits for an answer gets it.
    await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  }
}

function listenToStages(control: RunControl, progress: RunProgress): void {
  const description = 'From a stage';
  setHandler(statusQuery, () => progress.status(), { description: 'How far the run is' });
  setHandler(epochFinishedSignal, (...finished) => progress.epochFinished(...finished), {
    description,
  });
  setHandler(
    stageRestsSignal,
    (rest) => {
      control.stageRested(rest);
      progress.restsAt(rest.checkpoint);
    },
    { description },
  );
  setHandler(stageWarnedSignal, (warning) => progress.note(warning), { description });
}

async function runPipeline(run: Run): Promise<PipelineResult> {
  const { runId, input, control, progress } = run;
  progress.expectEpochs(input.training.stages.reduce((sum, { epochs }) => sum + epochs, 0));
  const data = await prepareData(input, progress);
  const { key, earlier } = await findOutcome(input, data);
  if (earlier !== null && !input.force) {
    control.endTraining();
    progress.nothingNew(earlier);
    return { ...earlier, outcome: 'no-change' };
  }
  const training = new Training(run, data);
  await progress.during(
    'train',
    () => training.run(),
    () => progress.trainingSummary(),
  );
  // Evaluated anew where the checkpoint had to be made anew: a version is published with its own scores.
  return training.withCheckpoint(async (checkpoint) => {
    const evaluation = await evaluate(run, data, checkpoint);
    const outcomeKey = control.wasChanged ? null : key;
    const published = await publish(run, { ...data, checkpoint, evaluation, outcomeKey });
    return { runId, outcome: 'trained', evaluation, ...published };
  });
}

function findOutcome(input: PipelineInput, data: PreparedData): Promise<FoundOutcome> {
  const { split, records } = data;
  const { evaluation, publish, timeouts } = input;
  const { initialWeights } = input.training;
  return dataActivities(timeouts).findOutcome({
    ...{ configHash: configHash(input), initialWeights, split, records, evaluation, publish },
  });
}

async function evaluate(
  { runId, input, progress }: Run,
  { dataset, split }: PreparedData,
  checkpoint: CheckpointRef,
): Promise<EvaluationRef> {
  const { evaluateModel } = trainingActivities(input.timeouts);
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
  return evaluation;
}

interface ToPublish extends PreparedData {
  readonly checkpoint: CheckpointRef;
  readonly evaluation: EvaluationRef;
  readonly outcomeKey: string | null;
}

function publish({ runId, input, progress }: Run, what: ToPublish): Promise<PublishModelOutput> {
  const { publishModel } = trainingActivities(input.timeouts);
  return progress.during(
    'publish',
    () =>
      publishModel.executeWithOptions({ summary: input.publish.model }, [
        { runId, ...what, ...input.publish, configHash: configHash(input) },
      ]),
    ({ version, alias }) => `${version.model} ${version.version}: ${alias.reason}`,
  );
}

/**
 * The whole recipe, durably: archives → pairs → split → records → stages of epochs → scores → a published
 * version → the alias. It passes references only, so its history does not grow with the number of images.
 *
 * The workflow id is the run's id: the starter gives it, keys in the store and the CLI use it.
 */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  isCancellation,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { FoundOutcome } from '../contracts/activities.ts';
import type { PipelineInput } from '../contracts/pipeline-input.ts';
import type { PipelineResult } from '../contracts/progress.ts';
import type { CheckpointRef, EvaluationRef } from '../contracts/references.ts';
import { dataActivities, trainingActivities } from './activity-options.ts';
import { Approval } from './approval.ts';
import { configHash } from './config-hash.ts';
import { acceptControls } from './control-handlers.ts';
import { leaveReport } from './leave-report.ts';
import {
  epochFinishedSignal,
  stageRestsSignal,
  stageWarnedSignal,
  statusQuery,
} from './messages.ts';
import { prepareData, type PreparedData } from './prepare-data.ts';
import { promote, publishVersion } from './publish.ts';
import type { Run } from './run.ts';
import { RunControl } from './run-control.ts';
import { isRunCancellation, runFailure, unwrapFailure } from './run-failure.ts';
import { RunProgress } from './run-progress.ts';
import { RunSearch } from './run-search.ts';
import { Training } from './training.ts';
import { validateInput } from './validate-input.ts';

/** `request` is a `PipelineRequest`, unchecked. */
export async function trainingPipeline(request: unknown): Promise<PipelineResult> {
  const { workflowId: runId } = workflowInfo();
  const control = new RunControl();
  const approval = new Approval();
  const progress = new RunProgress(runId, { control, approval });
  listenToStages(control, progress);
  let run: Run | undefined;
  try {
    const input = validateInput(runId, request);
    control.plan(input.training.stages);
    if (input.publish.approval !== null) approval.want();
    acceptControls({ control, approval, progress });
    const search = new RunSearch();
    run = { runId, input, control, approval, progress, search, results: {} };
    const result = await runPipeline(run);
    progress.end('completed');
    await leaveReport(run, { state: 'completed' });
    return result;
  } catch (error) {
    if (isRunCancellation(error)) {
      progress.end('cancelled', 'cancelled');
      if (run !== undefined) await leaveReport(run, { state: 'cancelled' });
      throw error;
    }
    const failure = runFailure(error);
    progress.end('failed', failure.message);
    if (run !== undefined) await leaveReport(run, { state: 'failed', failure: failure.message });
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
  const { runId, input, control, progress, search, results } = run;
  const { stages, earlyStopping } = input.training;
  progress.expectEpochs(stages.reduce((sum, { epochs }) => sum + epochs, 0));
  if (earlyStopping !== null) progress.watch(earlyStopping.metric);
  await search.open();
  search.set({ dataset: input.dataset.name, model: input.publish.model, stage: 'data' });

  const data = await prepareData(run);
  const { key, earlier } = await findOutcome(input, data);
  if (earlier !== null && !input.force) return takeOver(run, earlier);

  const training = new Training(run, data);
  await progress.during(
    'train',
    () => training.run(),
    () => progress.trainingSummary(),
  );
  // Evaluated anew where the checkpoint had to be made anew: a version is published with its own scores.
  const { evaluation, version } = await training.withCheckpoint(async (checkpoint) => {
    const scored = { checkpoint, evaluation: await evaluate(run, data, checkpoint) };
    return { ...scored, version: await publishVersion(run, data, scored) };
  });
  const undecided = { name: input.publish.alias, moved: false, reason: 'nothing was decided' };
  results.published = { version, alias: { ...undecided, by: null } };
  const alias = await promote(run, version);
  results.published = { version, alias };
  const result: PipelineResult = { runId, outcome: 'trained', evaluation, version, alias };
  // Stopped early or extended, it came to something else than its input says.
  if (!control.wasChanged) await keepOutcome(run, key, result);
  return result;
}

/** An earlier run did the very same: its result stands. */
function takeOver(
  { control, progress, search, results }: Run,
  earlier: PipelineResult,
): PipelineResult {
  const { runId, evaluation, version, alias } = earlier;
  control.endTraining();
  progress.nothingNew(earlier);
  search.set({ stage: 'no change', score: evaluation.scores.thresholdJaccard });
  Object.assign(results, { evaluation, published: { version, alias }, sameAs: runId });
  return { ...earlier, outcome: 'no-change' };
}

function findOutcome(input: PipelineInput, data: PreparedData): Promise<FoundOutcome> {
  const { split, records } = data;
  const { evaluation, publish, timeouts } = input;
  const { initialWeights } = input.training;
  return dataActivities(timeouts).findOutcome.executeWithOptions(
    { summary: 'did an earlier run do the very same?' },
    [{ configHash: configHash(input), initialWeights, split, records, evaluation, publish }],
  );
}

/** The version is published whether or not this succeeds; without it the next run trains. */
async function keepOutcome(
  { input, progress }: Run,
  key: string,
  result: PipelineResult,
): Promise<void> {
  const { recordOutcome } = dataActivities(input.timeouts);
  try {
    await recordOutcome.executeWithOptions({ summary: 'for runs with nothing new' }, [
      { key, result },
    ]);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const reason = unwrapFailure(error)?.message ?? String(error);
    progress.note(`The next run with nothing new will train all the same: ${reason}`);
  }
}

async function evaluate(
  { runId, input, progress, search, results }: Run,
  { dataset, split }: PreparedData,
  checkpoint: CheckpointRef,
): Promise<EvaluationRef> {
  const { evaluateModel } = trainingActivities(input.timeouts);
  search.set({ stage: 'evaluate' });
  const evaluation = await progress.during(
    'evaluate',
    () =>
      evaluateModel.executeWithOptions(
        { summary: `${dataset.name}: ${split.validation} validation images` },
        [{ runId, checkpoint, dataset, split, ...input.evaluation }],
      ),
    ({ scores }) =>
      `Jaccard ${scores.jaccard.toFixed(3)}, threshold Jaccard ${scores.thresholdJaccard.toFixed(3)}`,
  );
  results.evaluation = evaluation;
  progress.scored(evaluation.scores);
  search.set({ score: evaluation.scores.thresholdJaccard });
  return evaluation;
}

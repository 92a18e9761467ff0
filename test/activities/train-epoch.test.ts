/**
 * An epoch that is told to stop, by each of those who may: a real Temporal server, the activity, and a trainer
 * process that saves when it is asked to (no TensorFlow).
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import {
  ActivityFailure,
  WorkflowFailedError,
  defaultPayloadConverter,
  type WorkflowHandle,
} from '@temporalio/client';
import { bundleWorkflowCode, DefaultLogger, Worker } from '@temporalio/worker';
import { trainEpochActivity } from '../../activities/train-epoch.ts';
import { leftBehind } from '../../activities/left-behind.ts';
import { activityProgressSchema, type ActivityProgress } from '../../contracts/progress.ts';
import { TrainerHost } from '../../trainer/host.ts';
import { epochTask } from '../trainer/fixtures/epoch-task.ts';
import { startTemporal, type TestTemporalServer } from '../workflows/support/environment.ts';
import { eventually } from '../workflows/support/runs.ts';

const TASKS = fileURLToPath(new URL('../trainer/fixtures/tasks.ts', import.meta.url));
const WORKFLOWS = fileURLToPath(new URL('./fixtures/one-epoch.ts', import.meta.url));
const TASK_QUEUE = 'one-epoch';

let environment: TestTemporalServer;
let trainer: TrainerHost;
let worker: Worker;
let running: Promise<void>;

beforeAll(async () => {
  environment = await startTemporal();
  trainer = new TrainerHost({ entry: TASKS, onLog: () => undefined });
  await startWorker();
});
afterAll(async () => {
  await stopWorker();
  await trainer.close();
  await environment.teardown();
});

let bundle: Awaited<ReturnType<typeof bundleWorkflowCode>> | undefined;
async function startWorker(): Promise<void> {
  bundle ??= await bundleWorkflowCode({
    workflowsPath: WORKFLOWS,
    logger: new DefaultLogger('WARN'),
  });
  worker = await Worker.create({
    connection: environment.nativeConnection,
    namespace: environment.namespace,
    taskQueue: TASK_QUEUE,
    workflowBundle: bundle,
    activities: { trainEpoch: trainEpochActivity(trainer) },
    maxHeartbeatThrottleInterval: '200ms',
    maxConcurrentActivityTaskExecutions: 1,
  });
  running = worker.run();
}

async function stopWorker(): Promise<void> {
  if (worker.getState() === 'RUNNING') worker.shutdown();
  await running;
}

const start = (behaviour: string, workflowId: string): Promise<WorkflowHandle> =>
  environment.client.workflow.start('oneEpoch', {
    taskQueue: TASK_QUEUE,
    workflowId,
    args: [epochTask(behaviour).input],
  });

/** The activity as the server sees it, with its last heartbeat. */
async function pending(handle: WorkflowHandle) {
  const { raw } = await handle.describe();
  const activity = raw.pendingActivities?.[0];
  const payload = activity?.heartbeatDetails?.payloads?.[0];
  const progress: ActivityProgress | undefined = payload
    ? activityProgressSchema.parse(defaultPayloadConverter.fromPayload(payload))
    : undefined;
  return { paused: activity?.paused === true, startedAt: activity?.lastStartedTime, progress };
}

const stepsDone = async (handle: WorkflowHandle) => (await pending(handle)).progress?.done ?? 0;

const request = (handle: WorkflowHandle) => ({
  namespace: environment.namespace,
  execution: { workflowId: handle.workflowId },
  type: 'trainEpoch',
});

/** Where the attempt that finished went on from; the fixture tells it so. */
const wentOnFrom = async (handle: WorkflowHandle): Promise<number> => {
  const output = (await handle.result()) as { readonly result: { readonly startedFrom: string } };
  return Number(output.result.startedFrom.replace('saved-at-', ''));
};

describe('an epoch ends in a saved checkpoint, from which it goes on,', () => {
  it('when the server pauses the activity', async () => {
    const handle = await start('steps-until-told', 'paused');
    await eventually(async () => (await stepsDone(handle)) > 5);
    const service = environment.client.workflowService;
    await service.pauseActivity({ ...request(handle), reason: 'a test' });
    await eventually(async () => {
      const { progress } = await pending(handle);
      return progress?.checkpoints?.[0]?.manifestKey.startsWith('saved-at-') === true;
    });
    const saved = (await pending(handle)).progress?.checkpoints?.[0];
    expect(saved?.stepInEpoch).toBeGreaterThan(5);
    await service.unpauseActivity(request(handle));
    expect(await wentOnFrom(handle)).toBe(saved?.stepInEpoch);
  });

  it('when the server resets the activity', async () => {
    const handle = await start('steps-until-told', 'reset');
    await eventually(async () => (await stepsDone(handle)) > 5);
    await environment.client.workflowService.resetActivity(request(handle));
    expect(await wentOnFrom(handle)).toBeGreaterThan(5);
  });

  it('when the run is cancelled', async () => {
    const handle = await start('steps-until-told', 'cancelled');
    await eventually(async () => (await stepsDone(handle)) > 5);
    await handle.cancel();
    const output = (await handle.result()) as { kind: string; checkpoint: { stepInEpoch: number } };
    expect(output.kind).toBe('interrupted');
    expect(output.checkpoint.stepInEpoch).toBeGreaterThan(5);
  });

  it('when the worker is told to leave', async () => {
    const handle = await start('steps-until-told', 'left');
    await eventually(async () => (await stepsDone(handle)) > 5);
    await stopWorker();
    await startWorker();
    const output = (await handle.result()) as { kind: string; checkpoint: { stepInEpoch: number } };
    expect(output.kind).toBe('interrupted');
    expect(output.checkpoint.stepInEpoch).toBeGreaterThan(5);
  });
});

describe('an attempt that is lost', () => {
  it('tells the next one of its checkpoints, and that one the one after it', async () => {
    // It dies in the first two attempts, in the second before it has saved anything.
    const handle = await start('dies-twice', 'dies-twice');
    expect(await wentOnFrom(handle)).toBe(2);
  });

  it('puts its checkpoints into the failure when it was the last', async () => {
    const handle = await start('dies-always', 'dies-always');
    const error: unknown = await handle.result().catch((reason: unknown) => reason);
    const activity = error instanceof WorkflowFailedError ? error.cause : undefined;
    const failure = activity instanceof ActivityFailure ? activity.cause : undefined;
    expect(failure).toBeInstanceOf(ApplicationFailure);
    expect(failure).toMatchObject({
      type: 'trainer-exited',
      details: [{ exitCode: 7, checkpoints: [{ manifestKey: 'saved-at-2', stepInEpoch: 2 }] }],
    });
  });
});

describe('what earlier attempts left behind', () => {
  it.each([undefined, null, 7, { done: 1 }, { done: 3, total: 9, unit: 'steps', later: true }])(
    'is nothing for %j',
    (details) => {
      expect(leftBehind(details, 9)).toEqual({ checkpoints: [], stepsDone: 0, stepsRedone: 0 });
    },
  );

  it('counts all steps as done once it validates', () => {
    const details = { done: 1, total: 2, unit: 'validation steps', stepsRedone: 4 };
    expect(leftBehind(details, 9)).toEqual({ checkpoints: [], stepsDone: 9, stepsRedone: 4 });
  });
});

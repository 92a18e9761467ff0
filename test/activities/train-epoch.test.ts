/**
 * An epoch that is told to stop, by each of those who may: a real Temporal server, the activity, and a trainer
 * process that saves when it is asked to (no TensorFlow).
 */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import { ActivityFailure, WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { leftBehind } from '../../activities/left-behind.ts';
import { TrainerHost } from '../../trainer/host.ts';
import { epochTask, finished } from '../trainer/fixtures/epoch-task.ts';
import { startTemporal, type TestTemporalServer } from '../workflows/support/environment.ts';
import { eventually } from '../workflows/support/runs.ts';
import {
  outputOf,
  progressAt,
  requestFor,
  startEpochWorker,
  type EpochWorker,
} from './fixtures/epoch-worker.ts';

const TASKS = fileURLToPath(new URL('../trainer/fixtures/tasks.ts', import.meta.url));

let environment: TestTemporalServer;
let trainer: TrainerHost;
let worker: EpochWorker;

beforeAll(async () => {
  environment = await startTemporal();
  trainer = new TrainerHost({ entry: TASKS, onLog: () => undefined });
  worker = await startEpochWorker(environment, trainer);
});
afterAll(async () => {
  await worker.stop();
  await trainer.close();
  await environment.teardown();
});

const start = (behaviour: string, workflowId: string): Promise<WorkflowHandle> =>
  worker.start(epochTask(behaviour).input, workflowId);

/** An epoch that is past its fifth step. */
async function underWay(workflowId: string): Promise<WorkflowHandle> {
  const handle = await start('steps-until-told', workflowId);
  await eventually(async () => ((await progressAt(handle))?.done ?? 0) > 5);
  return handle;
}

/** Where the attempt that finished went on from; the fixture tells it so. */
const wentOnFrom = async (handle: WorkflowHandle): Promise<number> =>
  Number(finished(await outputOf(handle)).result.startedFrom?.replace('saved-at-', ''));

describe('an epoch ends in a saved checkpoint, from which it goes on,', () => {
  it('when the server pauses the activity', async () => {
    const handle = await underWay('paused');
    const { workflowService } = environment.client;
    await workflowService.pauseActivity({ ...requestFor(environment, handle), reason: 'a test' });
    const saved = async () => (await progressAt(handle))?.checkpoints?.[0];
    await eventually(async () => (await saved()) !== undefined);
    const checkpoint = await saved();
    expect(checkpoint?.stepInEpoch).toBeGreaterThan(5);
    await workflowService.unpauseActivity(requestFor(environment, handle));
    expect(await wentOnFrom(handle)).toBe(checkpoint?.stepInEpoch);
  });

  it('when the server resets the activity', async () => {
    const handle = await underWay('reset');
    await environment.client.workflowService.resetActivity(requestFor(environment, handle));
    expect(await wentOnFrom(handle)).toBeGreaterThan(5);
  });

  it('when the run is cancelled', async () => {
    const handle = await underWay('cancelled');
    await handle.cancel();
    const output = await outputOf(handle);
    expect(output.kind).toBe('interrupted');
    expect(output.checkpoint?.stepInEpoch).toBeGreaterThan(5);
  });

  it('when the worker is told to leave', async () => {
    const handle = await underWay('left');
    await worker.restart();
    const output = await outputOf(handle);
    expect(output.kind).toBe('interrupted');
    expect(output.checkpoint?.stepInEpoch).toBeGreaterThan(5);
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

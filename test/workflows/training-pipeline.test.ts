/** The pipeline against a real Temporal server; only the activities are fakes. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure, CancelledFailure } from '@temporalio/client';
import { Context } from '@temporalio/activity';
import type { TrainEpochInput } from '../../contracts/activities.ts';
import { pipelineResultSchema } from '../../contracts/progress.ts';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import { epochOutput, fakeActivities, request } from './support/fake-activities.ts';
import { eventually, failureOf, startPipeline, statusOf } from './support/runs.ts';

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

const start = (input: unknown, workflowId: string) => startPipeline(environment, input, workflowId);

describe('a good run', () => {
  it('runs every step in order, hands each its predecessors, and answers how far it is', async () => {
    const { calls, activities } = fakeActivities();
    await withWorkers(environment, activities, async () => {
      const handle = await start(request, 'good-run');
      const result = pipelineResultSchema.parse(await handle.result());
      expect(result.version).toMatchObject({ model: 'lesion', version: 1 });

      const inputOf = (name: string) => calls.find(({ activity }) => activity === name)?.input;
      // Pruning happens beside the training.
      const order = calls
        .map(({ activity }) => activity)
        .filter((activity) => activity !== 'pruneCheckpoints');
      expect(order.shift()).toBe('listSearchAttributes');
      expect(order.slice(0, 4).sort()).toEqual([
        'fetchArchive',
        'fetchArchive',
        'unpackArchive',
        'unpackArchive',
      ]);
      expect(order.slice(4)).toEqual([
        'inspectDataset',
        'splitDataset',
        'prepareRecords',
        'findOutcome',
        'trainEpoch',
        'trainEpoch',
        'trainEpoch',
        'evaluateModel',
        'publishModel',
        'moveAlias',
        'recordOutcome',
        'writeReport',
      ]);
      const epochs = calls
        .filter(({ activity }) => activity === 'trainEpoch')
        .map(({ input }) => input as TrainEpochInput);
      expect(
        epochs.map(({ stage, epoch, stageFirstEpoch, start: from }) => [
          stage.name,
          epoch,
          stageFirstEpoch,
          from.kind === 'checkpoint' ? from.checkpoint.manifestKey : from.weights.from,
        ]),
      ).toEqual([
        ['heads', 1, 1, 'scratch'],
        ['heads', 2, 1, 'checkpoints/1'],
        ['all', 3, 3, 'checkpoints/2'],
      ]);
      expect(epochs.every(({ runId }) => runId === 'good-run')).toBe(true);
      expect(inputOf('moveAlias')).toMatchObject({
        version: { version: 1 },
        alias: 'champion',
        gate: { metric: 'thresholdJaccard', minimum: 0, margin: 0 },
        verdict: null,
      });
      expect(inputOf('writeReport')).toMatchObject({
        state: 'completed',
        published: { version: { version: 1 }, alias: { moved: true } },
        status: { state: 'completed', epochs: { done: 3, total: 3 } },
      });
      expect(inputOf('publishModel')).toMatchObject({
        runId: 'good-run',
        checkpoint: { manifestKey: 'checkpoints/3' },
        configHash: expect.stringMatching(/^[0-9a-f]{64}$/),
      });

      const status = await statusOf(handle);
      expect(status.state).toBe('completed');
      expect(status.steps.every(({ state }) => state === 'done')).toBe(true);
      expect(status.epochs).toEqual({ done: 3, total: 3 });
      expect(status.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
      expect(status.scores?.jaccard).toBe(0.7);
      // What the Temporal UI shows on the run's page.
      expect(await handle.query('__temporal_workflow_metadata')).toMatchObject({
        currentDetails: expect.stringMatching(
          /completed[^]*✓ \| publish[^]*threshold Jaccard 0\.600/,
        ),
      });
    });
  });

  it('shows the step it is in while it is in it', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    const { activities } = fakeActivities({
      trainEpoch: async (input) => {
        if (input.epoch === 2) await held;
        return epochOutput(input);
      },
    });
    await withWorkers(environment, activities, async () => {
      const handle = await start(request, 'watched-run');
      await eventually(async () => (await statusOf(handle)).epochs.done === 1);
      const { state, steps } = await statusOf(handle);
      expect(state).toBe('running');
      expect(Object.fromEntries(steps.map((step) => [step.step, step.state]))).toMatchObject({
        records: 'done',
        train: 'running',
        evaluate: 'waiting',
      });
      release();
      await handle.result();
    });
  });
});

describe('a failing activity', () => {
  it('ends the run with its own message and code, and no later step starts', async () => {
    const { calls, activities } = fakeActivities({
      inspectDataset: () =>
        Promise.reject(
          ApplicationFailure.nonRetryable('3 of 10 pairs are bad', 'too-many-quarantined', {
            share: 0.3,
          }),
        ),
    });
    await withWorkers(environment, activities, async () => {
      const handle = await start(request, 'failing-run');
      expect(await failureOf(handle)).toMatchObject({
        message: 'inspectDataset: 3 of 10 pairs are bad',
        type: 'too-many-quarantined',
        details: [{ share: 0.3 }],
      });
      expect(calls.filter(({ activity }) => activity === 'inspectDataset')).toHaveLength(1);
      expect(calls.some(({ activity }) => activity === 'splitDataset')).toBe(false);
      const status = await statusOf(handle);
      expect(status.state).toBe('failed');
      expect(status.steps.find(({ step }) => step === 'inspect')).toMatchObject({
        state: 'failed',
        summary: expect.stringContaining('3 of 10 pairs are bad'),
      });
    });
  });

  it('inside a stage reaches the run unwrapped', async () => {
    const { activities } = fakeActivities({
      trainEpoch: () =>
        Promise.reject(
          ApplicationFailure.nonRetryable('the loss is NaN at step 7', 'non-finite-loss'),
        ),
    });
    await withWorkers(environment, activities, async () => {
      expect(await failureOf(await start(request, 'nan-run'))).toMatchObject({
        message: 'trainEpoch: the loss is NaN at step 7',
        type: 'non-finite-loss',
      });
    });
  });

  it('is tried again when its failure may pass', async () => {
    let tries = 0;
    const { activities } = fakeActivities({
      trainEpoch: (input) => {
        tries++;
        return tries === 1
          ? Promise.reject(ApplicationFailure.retryable('the trainer died', 'trainer-died'))
          : Promise.resolve(epochOutput(input));
      },
    });
    await withWorkers(environment, activities, async () => {
      await (await start(request, 'retried-run')).result();
      expect(tries).toBe(4);
    });
  });
});

describe('cancelling a run', () => {
  it('reaches the epoch inside the stage and ends both as cancelled', async () => {
    let begun = false;
    let stopped = false;
    const { activities } = fakeActivities({
      trainEpoch: async () => {
        begun = true;
        const context = Context.current();
        const beats = setInterval(() => context.heartbeat(), 50);
        try {
          return await context.cancelled;
        } finally {
          clearInterval(beats);
          stopped = true;
        }
      },
    });
    await withWorkers(environment, activities, async () => {
      const handle = await start(request, 'cancelled-run');
      await eventually(() => Promise.resolve(begun));
      await handle.cancel();
      expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
      expect(stopped).toBe(true);
      expect((await statusOf(handle)).state).toBe('cancelled');
      const stage = environment.client.workflow.getHandle('cancelled-run-heads');
      expect((await stage.describe()).status.name).toBe('CANCELLED');
    });
  });

  it('does not wait for a GPU worker that is not there', async () => {
    await withWorkers(
      environment,
      fakeActivities().activities,
      async () => {
        const handle = await start(request, 'cancelled-in-queue');
        await eventually(async () =>
          (await statusOf(handle)).steps.some(
            ({ step, state }) => step === 'train' && state === 'running',
          ),
        );
        await handle.cancel();
        expect(await failureOf(handle)).toBeInstanceOf(CancelledFailure);
      },
      { gpu: false },
    );
  });
});

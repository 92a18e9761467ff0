/** A run for which an earlier one did the very same ends at once with its result, unless it is forced. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { PipelineResult } from '../../contracts/progress.ts';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import { fakeActivities, request } from './support/fake-activities.ts';
import { startPipeline, statusOf } from './support/runs.ts';

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

/** Runs `input` three times over a store that keeps outcomes: as it is, again, and again by force. */
it('trains once, then only when it is forced', async () => {
  const outcomes = new Map<string, PipelineResult>();
  const { calls, activities } = fakeActivities({
    findOutcome: ({ configHash }) =>
      Promise.resolve({ key: configHash, earlier: outcomes.get(configHash) ?? null }),
  });
  const trainings = () => calls.filter(({ activity }) => activity === 'trainEpoch').length;
  await withWorkers(environment, activities, async () => {
    const first = await startPipeline(environment, request, 'first');
    const trained = (await first.result()) as PipelineResult;
    expect(trained).toMatchObject({ runId: 'first', outcome: 'trained' });
    expect(trainings()).toBe(3);
    const kept = calls.find(({ activity }) => activity === 'recordOutcome');
    const { key, result } = kept?.input as { key: string; result: PipelineResult };
    expect(result).toEqual(trained);
    outcomes.set(key, result);

    const second = await startPipeline(environment, request, 'second');
    expect(await second.result()).toEqual({ ...trained, outcome: 'no-change' });
    expect(trainings()).toBe(3);
    const status = await statusOf(second);
    expect(status.state).toBe('completed');
    expect(status.steps.map(({ step, state }) => `${step} ${state}`).slice(-5)).toEqual([
      ...[
        'records done',
        'train skipped',
        'evaluate skipped',
        'publish skipped',
        'promote skipped',
      ],
    ]);
    expect(status.epochs).toEqual({ done: 0, total: 0 });
    expect(await second.query('__temporal_workflow_metadata')).toMatchObject({
      currentDetails: expect.stringMatching(/completed[^]*↷ \| train \| nothing new since first/),
    });

    const forced = await startPipeline(environment, { ...request, force: true }, 'forced');
    expect(await forced.result()).toMatchObject({ runId: 'forced', outcome: 'trained' });
    expect(trainings()).toBe(6);
  });
});

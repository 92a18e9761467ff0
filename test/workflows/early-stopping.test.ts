/** Early stopping: the choice of an epoch by itself, and a run on a real Temporal server that stops a stage. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { TrainEpochInput } from '../../contracts/activities.ts';
import { stageSchema } from '../../contracts/pipeline-input.ts';
import { EpochChoice } from '../../workflows/early-stopping.ts';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import {
  epochOutput,
  fakeActivities,
  stoppingOutput,
  stoppingRequest,
} from './support/fake-activities.ts';
import { startPipeline, statusOf } from './support/runs.ts';

describe('EpochChoice', () => {
  const stage = stageSchema.parse({ name: 'all', layers: 'all', epochs: 9, learningRate: 1 });
  /** Adds epochs with these validation losses until the choice is over. */
  const choose = (
    losses: readonly (number | null)[],
    rule: ConstructorParameters<typeof EpochChoice>[0],
  ) => {
    const choice = new EpochChoice(rule);
    let added = 0;
    for (const total of losses) {
      if (choice.isOver) break;
      added++;
      const output = epochOutput({ stage, epoch: added } as TrainEpochInput);
      const validation = total === null ? null : { ...output.result.training, total };
      choice.add({ ...output, result: { ...output.result, validation } });
    }
    return [choice.chosen?.result.epoch, added];
  };
  const rule = { metric: 'total', patience: 2, minDelta: 0 } as const;

  it('takes the last epoch of all without a rule', () => {
    expect(choose([1, 2, 3, 4], null)).toEqual([4, 4]);
  });

  it('takes the best epoch, and is over after so many that were not better', () => {
    expect(choose([3, 2, 2.5, 2.2, 1], rule)).toEqual([2, 4]);
    expect(choose([3, 2, 2.5, 1, 1.5], rule)).toEqual([4, 5]);
  });

  it('counts an epoch as better only when it is by more than minDelta', () => {
    expect(choose([3, 2.9, 2.8, 2.4], { ...rule, minDelta: 0.5 })).toEqual([1, 3]);
    expect(choose([2, 2, 2], rule)).toEqual([1, 3]);
  });

  it('never takes an epoch without a loss, or with one that is no number, for a better one', () => {
    expect(choose([3, null, Number.NaN, 1], rule)).toEqual([1, 3]);
  });
});

describe('a run that stops early', () => {
  let environment: TestTemporalServer;
  beforeAll(async () => {
    environment = await startTemporal();
  });
  afterAll(async () => {
    await environment.teardown();
  });

  it('ends the stage, goes on from its best epoch, and says so', async () => {
    const { calls, activities } = fakeActivities({
      trainEpoch: (input) => Promise.resolve(stoppingOutput(input)),
    });
    await withWorkers(environment, activities, async () => {
      const handle = await startPipeline(environment, stoppingRequest, 'stopping-run');
      await handle.result();
      const epochs = calls
        .filter(({ activity }) => activity === 'trainEpoch')
        .map(({ input }) => input as TrainEpochInput);
      expect(
        epochs.map(({ stage, epoch, start }) => [
          stage.name,
          epoch,
          start.kind === 'checkpoint' ? start.checkpoint.manifestKey : start.kind,
        ]),
      ).toEqual([
        ['heads', 1, 'initial'],
        ['heads', 2, 'checkpoints/1'],
        ['heads', 3, 'checkpoints/2'],
        ['heads', 4, 'checkpoints/3'],
        ['all', 7, 'checkpoints/2'],
      ]);
      for (const activity of ['evaluateModel', 'publishModel']) {
        expect(calls.find((call) => call.activity === activity)?.input).toMatchObject({
          checkpoint: { manifestKey: 'checkpoints/7' },
        });
      }
      const status = await statusOf(handle);
      expect(status.stoppedEarly).toEqual([
        { stage: 'heads', epochs: 4, planned: 6, bestEpoch: 2 },
      ]);
      expect(status.epochs).toEqual({ done: 5, total: 5 });
      expect(status.steps.find(({ step }) => step === 'train')?.summary).toBe(
        '5 epochs; heads stopped early, best epoch 2',
      );
      expect(await handle.query('__temporal_workflow_metadata')).toMatchObject({
        currentDetails: expect.stringContaining('Stage heads stopped after 4 of 6 epochs'),
      });
    });
  });

  it('evaluates and publishes the best epoch of the last stage, though all its epochs were done', async () => {
    const { calls, activities } = fakeActivities({
      trainEpoch: (input) => Promise.resolve(stoppingOutput(input)),
    });
    const stages = [{ ...stoppingRequest.training.stages[0], epochs: 3 }];
    const input = { ...stoppingRequest, training: { ...stoppingRequest.training, stages } };
    await withWorkers(environment, activities, async () => {
      const handle = await startPipeline(environment, input, 'best-epoch-run');
      await handle.result();
      expect(calls.filter(({ activity }) => activity === 'trainEpoch')).toHaveLength(3);
      expect(calls.at(-1)?.input).toMatchObject({ checkpoint: { manifestKey: 'checkpoints/2' } });
      expect((await statusOf(handle)).stoppedEarly).toEqual([]);
    });
  });
});

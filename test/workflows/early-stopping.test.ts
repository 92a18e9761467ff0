/** Early stopping: the choice of an epoch by itself, and a run on a real Temporal server that stops a stage. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { FinishedEpoch, TrainEpochInput } from '../../contracts/activities.ts';
import { stageSchema, type EarlyStopping } from '../../contracts/pipeline-input.ts';
import { bestSoFar, chosenEpoch, isStageOver } from '../../workflows/early-stopping.ts';
import { keptEpochs } from '../../workflows/kept-epochs.ts';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import {
  epochOutput,
  fakeActivities,
  stoppingOutput,
  stoppingRequest,
} from './support/fake-activities.ts';
import { startPipeline, statusOf } from './support/runs.ts';

describe('the choice of an epoch', () => {
  const stage = stageSchema.parse({ name: 'all', layers: 'all', epochs: 9, learningRate: 1 });
  const epochs = (losses: readonly (number | null)[]) =>
    losses.map((total, index) => {
      const output = epochOutput({ stage, epoch: index + 1 });
      const validation = total === null ? null : { ...output.result.training, total };
      return { ...output, result: { ...output.result, validation } };
    });
  /** Adds epochs with these validation losses until the stage is over, remembering only what need be. */
  const choose = (losses: readonly (number | null)[], rule: EarlyStopping | null) => {
    let kept: readonly FinishedEpoch[] = [];
    for (const epoch of epochs(losses)) {
      if (isStageOver(kept, rule)) break;
      kept = keptEpochs([...kept, epoch], { keepEpochs: 2, rule });
    }
    return [chosenEpoch(kept, rule)?.result.epoch, kept.at(-1)?.result.epoch];
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

  it('remembers the best and the last few, and tells the next epoch of the best', () => {
    const kept = keptEpochs(epochs([3, 1, 2, 2, 2]), { keepEpochs: 2, rule });
    expect(kept.map(({ result }) => result.epoch)).toEqual([2, 4, 5]);
    expect(bestSoFar(kept, rule)).toEqual({ epoch: 2, loss: 1 });
    expect(bestSoFar(kept, null)).toEqual({ epoch: 2, loss: 1 });
    expect(bestSoFar(epochs([null]), null)).toBeNull();
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
        { stage: 'heads', epochs: 4, planned: 6, bestEpoch: 2, reason: 'no-better' },
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
      const published = calls.find(({ activity }) => activity === 'publishModel');
      expect(published?.input).toMatchObject({ checkpoint: { manifestKey: 'checkpoints/2' } });
      expect((await statusOf(handle)).stoppedEarly).toEqual([]);
    });
  });
});

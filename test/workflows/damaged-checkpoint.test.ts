/** A checkpoint that was whole and cannot be read any more: the epoch that made it is done again. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { ApplicationFailure } from '@temporalio/activity';
import type { DataActivities, TrainEpochInput } from '../../contracts/activities.ts';
import type { CheckpointRef } from '../../contracts/references.ts';
import { startTemporal, withWorkers, type TestTemporalServer } from './support/environment.ts';
import { checkpointOf, epochOutput, fakeActivities, request } from './support/fake-activities.ts';
import { failureOf, startPipeline, statusOf } from './support/runs.ts';

let environment: TestTemporalServer;

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});

const stages = [
  { name: 'heads', layers: 'heads', epochs: 3, learningRate: 1e-3 },
  { name: 'all', layers: 'all', epochs: 2, learningRate: 1e-4 },
];
const input = { ...request, training: { ...request.training, stages } };

/**
 * Runs five epochs in two stages over a store in which some checkpoints are damaged: `1` is the first that
 * epoch 1 makes, `1'` the second, and so on. `damages` says whether one is, at its first use by an epoch or by `evaluate`.
 */
async function run(name: string, isDamaged: (key: string, user: string) => boolean) {
  const made = new Map<number, number>();
  const log: string[] = [];
  const pruned: Parameters<DataActivities['pruneCheckpoints']>[0][] = [];
  const read = (checkpoint: CheckpointRef, user: string) => {
    if (!isDamaged(checkpoint.manifestKey, user)) return;
    throw ApplicationFailure.nonRetryable('the weights are cut off', 'checkpoint-damaged', {
      checkpoint,
    });
  };
  const { activities } = fakeActivities({
    trainEpoch: async (epoch) => {
      const from = epoch.start.kind === 'checkpoint' ? epoch.start.checkpoint : undefined;
      log.push(`${epoch.epoch} from ${from?.manifestKey ?? epoch.start.kind}`);
      if (from !== undefined) read(from, `epoch ${epoch.epoch}`);
      return finished(epoch);
    },
    evaluateModel: (what) => {
      log.push(`evaluate ${what.checkpoint.manifestKey}`);
      read(what.checkpoint, 'evaluate');
      return fakeActivities().activities.evaluateModel(what);
    },
    publishModel: (what) => {
      log.push(`publish ${what.checkpoint.manifestKey}`);
      read(what.checkpoint, 'publish');
      return fakeActivities().activities.publishModel(what);
    },
    pruneCheckpoints: (what) => {
      pruned.push(what);
      return Promise.resolve({ deleted: 0 });
    },
  });
  const finished = (epoch: TrainEpochInput) => {
    const times = made.get(epoch.epoch) ?? 0;
    made.set(epoch.epoch, times + 1);
    const output = epochOutput(epoch);
    const manifestKey = `${epoch.epoch}${"'".repeat(times)}`;
    return Promise.resolve({ ...output, checkpoint: { ...checkpointOf(epoch), manifestKey } });
  };
  return withWorkers(environment, activities, async () => {
    const handle = await startPipeline(environment, input, name);
    const failure = await failureOf(handle);
    return { failure, log, pruned, status: await statusOf(handle) };
  });
}

const GOOD_END = ['5 from 4', 'evaluate 5', 'publish 5'];

describe('a damaged checkpoint', () => {
  it('within a stage costs the epoch before, and the run says so', async () => {
    const { failure, log, status, pruned } = await run('damaged-within', (key) => key === '2');
    expect(failure).toBeUndefined();
    expect(log).toEqual([
      ...['1 from initial', '2 from 1', '3 from 2', '2 from 1', "3 from 2'", '4 from 3'],
      ...GOOD_END,
    ]);
    expect(status.notes).toEqual([
      'A checkpoint of epoch 2 is damaged (2): training goes on from the end of epoch 1, and what came after is done again.',
    ]);
    expect(status.epochs).toEqual({ done: 5, total: 5 });
    expect(status.history.map(({ epoch }) => epoch)).toEqual([1, 2, 3, 4, 5]);
    // What the run may still go back to is never deleted.
    expect(
      pruned.map(({ throughEpoch, keep }) => [
        throughEpoch,
        keep.map(({ manifestKey }) => manifestKey),
      ]),
    ).toEqual([
      [1, ['1']],
      [2, ['1', '2']],
      [2, ['1', "2'"]],
      [3, ['1', "2'", '3']],
      [4, ['3', '4']],
      [5, ['3', '4', '5']],
    ]);
  });

  it('and the one before it cost both epochs', async () => {
    const { failure, log } = await run('damaged-twice', (key) => key === '1' || key === '2');
    // Epoch 2 had read the checkpoint of epoch 1 before it was damaged.
    expect(failure).toBeUndefined();
    expect(log.slice(0, 5)).toEqual([
      ...['1 from initial', '2 from 1', '1 from initial', "2 from 1'", '3 from 2'],
    ]);
  });

  it('at a stage’s start costs the last epoch of the stage before', async () => {
    const { failure, log, status } = await run('damaged-start', (key) => key === '3');
    expect(failure).toBeUndefined();
    expect(log).toEqual([
      ...['1 from initial', '2 from 1', '3 from 2', '4 from 3', '3 from 2', "4 from 3'"],
      ...GOOD_END,
    ]);
    expect(status.notes).toEqual([
      expect.stringMatching(/stage heads came to, of epoch 3, is damaged \(3\)/),
    ]);
    expect(status.state).toBe('completed');
  });

  it.each(['evaluate', 'publish'])('that %s finds costs the last epoch', async (finder) => {
    const { failure, log, status } = await run(
      `damaged-for-${finder}`,
      (key, user) => key === '5' && user === finder,
    );
    expect(failure).toBeUndefined();
    expect(log.slice(-3)).toEqual(['5 from 4', "evaluate 5'", "publish 5'"]);
    expect(status.steps.every(({ state }) => state === 'done')).toBe(true);
  });

  it('that is damaged however often it is made ends the run', async () => {
    const { failure, log } = await run('always-damaged', (key) => key.startsWith('2'));
    expect(failure).toMatchObject({
      message: 'trainEpoch: the weights are cut off',
      type: 'checkpoint-damaged',
    });
    expect(log.filter((line) => line.startsWith('2 '))).toHaveLength(4);
  });

  it('that is damaged however often it is made for the evaluation ends the run too', async () => {
    const { failure, log } = await run('never-evaluated', (_, user) => user === 'evaluate');
    expect(failure).toMatchObject({ message: 'evaluateModel: the weights are cut off' });
    expect(log.filter((line) => line.startsWith('5 '))).toHaveLength(4);
  });
});

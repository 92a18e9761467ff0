/**
 * The options for training from scratch in the real trainer process: their state is in the checkpoint, so
 * that a restart changes no bit; averaged weights are what is scored and published.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TrainEpochInput } from '../../contracts/activities.ts';
import { maskRcnnConfigSchema, type MaskRcnnConfigInput } from '../../maskrcnn/config.ts';
import { readCheckpoint } from '../../storage/checkpoints.ts';
import { resolveVersion } from '../../storage/model-registry.ts';
import { TrainerHost } from '../../trainer/host.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { finished, NOTHING, type FinishedEpoch } from './fixtures/epoch-task.ts';
import { weightHashes } from './fixtures/stored-numbers.ts';
import { firstEpoch, tinyDataset, type TinyDataset } from './fixtures/tiny-dataset.ts';

const testStore = withTestStore();
let data: TinyDataset;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

const startHost = () =>
  new TrainerHost({
    environment: { ...testStore().environment, LESIONFLOW_CACHE: join(folder.path, 'cache') },
    onLog: () => undefined,
  });

beforeAll(async () => {
  folder = await temporaryFolder();
  data = await tinyDataset(testStore().store, folder.path);
});
afterAll(async () => {
  await folder.remove();
});

const firstWith = (runId: string, options: MaskRcnnConfigInput): TrainEpochInput => {
  const first = firstEpoch(runId, data);
  return { ...first, config: maskRcnnConfigSchema.parse({ ...first.config, ...options }) };
};

const train = async (trainer: TrainerHost, input: TrainEpochInput) => {
  const attempt = `a${String(trainer.pid)}`;
  return finished(await trainer.run({ kind: 'train-epoch', attempt, input, leftBehind: NOTHING }));
};

/** Hashes of every number in the checkpoint, by file. */
const numbers = async ({ checkpoint }: FinishedEpoch) => {
  const { store } = testStore();
  const { weights, optimizer, averages } = await readCheckpoint(store, checkpoint);
  const hashes = (file: typeof averages) => file && weightHashes(store, file, folder.path);
  return {
    weights: await hashes(weights),
    optimizer: await hashes(optimizer),
    averages: await hashes(averages),
  };
};

describe('group norm, AdamW, averages and two batches a step', () => {
  test('a fresh process goes on from the checkpoint to the same bits, and publishes the averages', async () => {
    await using host = startHost();
    const input = firstWith('options', {
      normalization: 'group',
      optimizer: 'adamw',
      emaDecay: 0.9,
      gradientAccumulationSteps: 2,
      gradientClipMode: 'variable',
    });
    const first = await train(host, input);
    const { store } = testStore();
    expect(await readCheckpoint(store, first.checkpoint)).toMatchObject({ step: 2 });
    const start = { kind: 'checkpoint', checkpoint: first.checkpoint } as const;
    const next = { ...input, epoch: 2, start };
    const second = await train(host, next);
    const state = await numbers(second);
    expect(Object.keys(state.optimizer ?? {})).toEqual(
      expect.arrayContaining(['conv1/kernel/m', 'conv1/kernel/v', 'optimizer/step']),
    );
    expect(Object.keys(state.averages ?? {})).toEqual(Object.keys(state.weights ?? {}));
    expect(state.averages?.['conv1/kernel']).not.toBe(state.weights?.['conv1/kernel']);

    {
      await using fresh = startHost();
      const again = await train(fresh, next);
      expect(await numbers(again)).toEqual(state);
      expect(again.result.training).toEqual(second.result.training);
      expect(again.result.validation).toEqual(second.result.validation);
    }

    const { dataset, split, records } = data;
    const { checkpoint } = second;
    const about = { runId: 'options', checkpoint, dataset, split };
    const evaluation = await host.run({
      kind: 'evaluate',
      attempt: 'a1',
      input: { ...about, overlays: 0, minConfidence: 0 },
    });
    const configHash = 'c'.repeat(64);
    const publish = { model: 'averaged', configHash, records, evaluation };
    await host.run({ kind: 'export', attempt: 'a1', input: { ...about, ...publish } });
    const { manifest } = await resolveVersion(store, 'averaged', 1);
    const { averages } = await readCheckpoint(store, checkpoint);
    expect(manifest.weights.sha256).toBe(averages?.sha256);
  }, 600_000);
});

describe('batch statistics with averages', () => {
  test('a fresh process goes on from the checkpoint to the same bits', async () => {
    await using host = startHost();
    const input = firstWith('batch-statistics', { trainBn: 'backbone', emaDecay: 0.5 });
    const first = await train(host, input);
    const start = { kind: 'checkpoint', checkpoint: first.checkpoint } as const;
    const next = { ...input, epoch: 2, start };
    const second = await train(host, next);
    await using fresh = startHost();
    expect(await numbers(await train(fresh, next))).toEqual(await numbers(second));
  }, 600_000);
});

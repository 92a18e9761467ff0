/** The real trainer process on a tiny data set in a real store: two epochs, a restart, scores, a version. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TrainEpochInput } from '../../contracts/activities.ts';
import { evaluationManifestSchema } from '../../contracts/manifests.ts';
import type { ActivityProgress } from '../../contracts/progress.ts';
import type { EvaluationRef } from '../../contracts/references.ts';
import { splitDataset } from '../../datasets/split-dataset.ts';
import { readCheckpoint } from '../../storage/checkpoints.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { resolveVersion } from '../../storage/model-registry.ts';
import { TrainerHost } from '../../trainer/host.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { finished, NOTHING, type FinishedEpoch } from './fixtures/epoch-task.ts';
import { weightHashes } from './fixtures/stored-numbers.ts';
import { firstEpoch, tinyDataset, type TinyDataset } from './fixtures/tiny-dataset.ts';

const testStore = withTestStore();
let data: TinyDataset;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let host: TrainerHost;

const startHost = () =>
  new TrainerHost({
    environment: { ...testStore().environment, LESIONFLOW_CACHE: join(folder.path, 'cache') },
    onLog: () => undefined,
  });

beforeAll(async () => {
  folder = await temporaryFolder();
  data = await tinyDataset(testStore().store, folder.path);
  host = startHost();
});
afterAll(async () => {
  await host.close();
  await folder.remove();
});

const train = async (
  trainer: TrainerHost,
  input: TrainEpochInput,
  onProgress: (progress: ActivityProgress) => void = () => undefined,
) => {
  const attempt = `a${String(trainer.pid)}`;
  const task = { kind: 'train-epoch', attempt, input, leftBehind: NOTHING } as const;
  return finished(await trainer.run(task, { onProgress }));
};

const after = (input: TrainEpochInput, { checkpoint }: FinishedEpoch): TrainEpochInput => ({
  ...input,
  epoch: input.epoch + 1,
  start: { kind: 'checkpoint', checkpoint },
});

/** The same images, divided otherwise. */
const otherSplit = () =>
  splitDataset({
    ...{ store: testStore().store, dataset: data.dataset },
    ...{ seed: 2, validationShare: 0.34 },
  });

/** Every weight and every velocity. */
const numbers = async ({ checkpoint }: FinishedEpoch) => {
  const { store } = testStore();
  const { weights, optimizer } = await readCheckpoint(store, checkpoint);
  return {
    weights: await weightHashes(store, weights, folder.path),
    momentum: optimizer && (await weightHashes(store, optimizer, folder.path)),
  };
};

/** The cached graphs; one that is written anew is another file. */
const cachedGraphs = async () => {
  const graphs = join(folder.path, 'cache', 'graphs');
  const names = await readdir(graphs);
  return Promise.all(
    names.map(async (name) => ({ name, ino: (await stat(join(graphs, name))).ino })),
  );
};

describe('the trainer process', () => {
  let first: FinishedEpoch;
  let second: FinishedEpoch;
  let scored: EvaluationRef;

  test('trains an epoch, says each step, and keeps checkpoint and curves', async () => {
    const progress: ActivityProgress[] = [];
    first = await train(host, firstEpoch('run', data), (step) => progress.push(step));
    const steps = progress.filter((step) => step.losses && step.note === undefined);
    expect(steps.map(({ done, total }) => [done, total])).toEqual([
      [1, 2],
      [2, 2],
    ]);
    expect(steps[1]?.losses?.total).toBeGreaterThan(0);
    expect(steps[1]?.imagesPerSecond).toBeGreaterThan(0);
    expect(first.result).toMatchObject({ stage: 'all', epoch: 1 });
    expect(first.result.validation?.total).toBeGreaterThan(0);
    const manifest = await readCheckpoint(testStore().store, first.checkpoint);
    expect(manifest).toMatchObject({ runId: 'run', epoch: 1, step: 2, stage: 'all' });
    const events: string[] = [];
    for await (const { key } of testStore().store.list('runs/run/events/all/')) events.push(key);
    expect(events).toHaveLength(1);
    const curves = Buffer.from(await testStore().store.get(events[0] ?? '')).toString('latin1');
    expect(curves).toContain('data-wait-share');
    expect(steps[1]?.dataWaitShare).toBeLessThan(1);
    expect(await readdir(join(folder.path, 'cache', 'tasks'))).toEqual([]);
  });

  test('goes on warm, and a fresh process from the checkpoint, by the cached graphs, ends in the same bits', async () => {
    const notes: (string | undefined)[] = [];
    const input = after(firstEpoch('run', data), first);
    second = await train(host, input, ({ note }) => notes.push(note));
    expect(notes).not.toContain('loading the checkpoint');
    expect(await numbers(second)).not.toEqual(await numbers(first));

    const graphs = await cachedGraphs();
    expect(graphs).toHaveLength(1);
    await using fresh = startHost();
    const again = await train(fresh, input, ({ note }) => notes.push(note));
    expect(notes).toContain('loading the checkpoint');
    expect(await numbers(again)).toEqual(await numbers(second));
    expect(again.result.training).toEqual(second.result.training);
    expect(await cachedGraphs()).toEqual(graphs);
  });

  test('refuses a start that is damaged, or of another recipe or other data', async () => {
    const input = after(firstEpoch('run', data), first);
    const { checkpoint } = first;
    const damaged = { ...checkpoint, hash: 'd'.repeat(64) };
    await expect(
      train(host, { ...input, start: { kind: 'checkpoint', checkpoint: damaged } }),
    ).rejects.toMatchObject({
      code: 'checkpoint-damaged',
      retryable: false,
      values: { checkpoint: damaged },
    });
    await expect(train(host, { ...input, seed: input.seed + 1 })).rejects.toMatchObject({
      code: 'checkpoint-of-other-recipe',
      retryable: false,
    });
    const split = await otherSplit();
    await expect(train(host, { ...input, split })).rejects.toMatchObject({
      code: 'checkpoint-of-other-data',
    });
  });

  test('scores a checkpoint on the validation images and draws them', async () => {
    scored = await host.run({
      kind: 'evaluate',
      attempt: 'a1',
      input: {
        runId: 'run',
        checkpoint: second.checkpoint,
        dataset: data.dataset,
        split: data.split,
        overlays: 1,
        minConfidence: 0,
      },
    });
    const { store } = testStore();
    const manifest = await readNamedDocument(store, scored, evaluationManifestSchema);
    expect(manifest.images).toHaveLength(data.split.validation);
    expect(manifest.scores).toEqual(scored.scores);
    const png = await store.get(manifest.overlays[0]?.key ?? '');
    expect(Buffer.from(png.subarray(1, 4)).toString()).toBe('PNG');
  });

  test('publishes it as version 1, with the very weights of the checkpoint', async () => {
    const { dataset, split, records } = data;
    const published = await host.run({
      kind: 'export',
      attempt: 'a1',
      input: {
        runId: 'run',
        model: 'tiny',
        configHash: 'c'.repeat(64),
        dataset,
        split,
        records,
        checkpoint: second.checkpoint,
        evaluation: scored,
      },
    });
    expect(published).toMatchObject({ model: 'tiny', version: 1 });
    const { store } = testStore();
    const { manifest } = await resolveVersion(store, 'tiny', 1);
    const { weights } = await readCheckpoint(store, second.checkpoint);
    expect(manifest.weights.sha256).toBe(weights.sha256);
    expect(manifest.savedModel.map(({ key }) => key)).toContain(
      'models/tiny/versions/1/files/a1/saved_model/saved_model.pb',
    );
  });

  test('starts another run from the published version', async () => {
    const weights = { from: 'version', model: 'tiny', version: 1 } as const;
    const input = { ...firstEpoch('next', data), start: { kind: 'initial', weights } as const };
    const next = await train(host, input);
    expect(await numbers(next)).not.toEqual(await numbers(second));
    expect(next.result.training.total).toBeLessThan(first.result.training.total);
  });

  test('names a loss that is not finite as a final failure', async () => {
    const input = firstEpoch('diverged', data);
    const stage = { ...input.stage, learningRate: 1e30 };
    await expect(train(host, { ...input, stage })).rejects.toMatchObject({
      code: 'non-finite-loss',
      retryable: false,
    });
  });
});

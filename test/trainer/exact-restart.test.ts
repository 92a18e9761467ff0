/**
 * A run whose trainers are killed with SIGKILL in every phase of an epoch ends in the very same bits as one that
 * nobody disturbed: weights, optimizer, averages, and the losses that it reports.
 */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { TrainEpochInput } from '../../contracts/activities.ts';
import type { CheckpointRef } from '../../contracts/references.ts';
import { maskRcnnConfigSchema, type MaskRcnnConfigInput } from '../../maskrcnn/config.ts';
import { readCheckpoint } from '../../storage/checkpoints.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { attemptsAt, type Attempts } from './fixtures/attempts.ts';
import { finished, type FinishedEpoch } from './fixtures/epoch-task.ts';
import { holdRequests } from './fixtures/held-store.ts';
import { firstEpoch, tinyDataset, type TinyDataset } from './fixtures/tiny-dataset.ts';

const STEPS = 60;

const testStore = withTestStore();
let data: TinyDataset;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  data = await tinyDataset(testStore().store, folder.path);
});
afterAll(() => folder.remove());

/** All processes share the compiled graphs. */
const environment = () => ({
  ...testStore().environment,
  LESIONFLOW_CACHE: join(folder.path, 'cache'),
  LESIONFLOW_DATA_THREADS: '1',
});

const at = (input: TrainEpochInput): Attempts => attemptsAt(input, environment());

/** Enough steps for an upload to end before they do; a checkpoint as soon as the one before is up. */
function epochOf(runId: string, options: MaskRcnnConfigInput = {}): TrainEpochInput {
  const first = firstEpoch(runId, data);
  return {
    ...first,
    config: maskRcnnConfigSchema.parse({ ...first.config, stepsPerEpoch: STEPS, ...options }),
    stage: { ...first.stage, name: 'heads', layers: 'heads', epochs: 1 },
    checkpoints: { everySeconds: 0.001, keepEpochs: 3 },
  };
}

/** The first epoch of the stage after it. */
const nextStage = (input: TrainEpochInput, { checkpoint }: FinishedEpoch): TrainEpochInput => ({
  ...input,
  stage: { ...input.stage, name: 'all', layers: '5+' },
  epoch: 2,
  stageFirstEpoch: 2,
  start: { kind: 'checkpoint', checkpoint },
});

const undisturbed = (input: TrainEpochInput): TrainEpochInput => ({
  ...input,
  runId: `${input.runId}-undisturbed`,
  checkpoints: { everySeconds: 0, keepEpochs: 3 },
});

/** The hash of each file, and every loss. */
async function bits({ checkpoint, result }: FinishedEpoch) {
  const manifest = await readCheckpoint(testStore().store, checkpoint);
  const { weights, optimizer, averages, lossSums, step, stepInEpoch } = manifest;
  return {
    ...{ weights: weights.sha256, optimizer: optimizer?.sha256, averages: averages?.sha256 },
    ...{ lossSums, step, stepInEpoch },
    ...{ training: result.training, validation: result.validation },
  };
}

/** Folders of a run's checkpoints that have no manifest. */
async function halfUploaded(runId: string): Promise<string[]> {
  const whole = new Set<string>();
  const all = new Set<string>();
  for await (const { key } of testStore().store.list(`runs/${runId}/checkpoints/`)) {
    const at = key.lastIndexOf('/');
    all.add(key.slice(0, at));
    if (key.slice(at + 1) === 'manifest.json') whole.add(key.slice(0, at));
  }
  return [...all].filter((checkpoint) => !whole.has(checkpoint));
}

async function damage({ manifestKey }: CheckpointRef): Promise<void> {
  const { store } = testStore();
  const key = manifestKey.replace('manifest.json', 'weights.h5');
  const bytes = Buffer.from(await store.get(key));
  bytes.writeUInt8(bytes.readUInt8(100_000) ^ 1, 100_000);
  await store.put(key, bytes);
}

describe('killed in every phase', () => {
  test('SGD with momentum, over two stages', async () => {
    const input = epochOf('sgd');
    const calm = finished(await at(undisturbed(input)).done());
    const calmNext = finished(await at(undisturbed(nextStage(input, calm))).done());

    const attempts = at(input);
    // In the middle of an upload: the manifest is not there, so there is no such checkpoint.
    {
      using store = await holdRequests(
        environment(),
        ({ method, url }) => method === 'PUT' && url?.includes('/manifest.json') === true,
      );
      await attempts.killedAt(store.held, store.environment);
    }
    expect(await halfUploaded('sgd')).toHaveLength(1);
    expect(attempts.left.checkpoints).toEqual([]);
    // In the middle of the epoch.
    await attempts.killed(({ checkpoints }) => checkpoints?.length === 1);
    const [middle] = attempts.left.checkpoints;
    // At the last step.
    await attempts.killed(({ done, total, note }) => note === undefined && done === total);
    const resumed = attempts.progress.find(({ losses }) => losses !== undefined);
    expect(resumed?.done).toBe((middle?.stepInEpoch ?? STEPS) + 1);
    // During validation; the upload of the last step's checkpoint may be under way.
    await attempts.killed(({ note }) => note === 'validating');
    // At the very end, when that checkpoint is saved: only the last points are not in the store yet.
    {
      let isSaved = false;
      using store = await holdRequests(environment(), ({ method, url = '' }) => {
        isSaved ||= method === 'PUT' && /\/e1-s60-[^/]*\/manifest\.json/.test(url);
        return isSaved && method === 'PUT' && url.includes('tfevents');
      });
      await attempts.killedAt(store.held, store.environment);
    }
    expect(attempts.left.checkpoints[0]?.stepInEpoch).toBe(STEPS);
    const end = finished(await attempts.done());
    expect(end.checkpoint).toEqual(attempts.left.checkpoints[0]);
    expect(attempts.progress.some(({ losses, unit }) => losses && unit === 'steps')).toBe(false);
    expect(await bits(end)).toEqual(await bits(calm));
    expect(end.result.stepsRedone).toBeGreaterThan(0);

    // Between the stages: a fresh process does the next one; and in the middle of a stage's first epoch.
    const next = at(nextStage(input, end));
    await next.killed(({ checkpoints }) => (checkpoints?.length ?? 0) >= 1);
    expect(await bits(finished(await next.done()))).toEqual(await bits(calmNext));
  }, 900_000);

  test('AdamW, averages, group norm, two batches a step and augmentation', async () => {
    const input = epochOf('adamw', {
      normalization: 'group',
      optimizer: 'adamw',
      emaDecay: 0.9,
      gradientAccumulationSteps: 2,
      gradientClipMode: 'variable',
    });
    const calm = finished(await at(undisturbed(input)).done());
    const attempts = at(input);
    // Twice; and the newest checkpoint is damaged while nobody looks.
    await attempts.killed(({ checkpoints }) => checkpoints?.length === 1);
    await attempts.killed(({ checkpoints }) => checkpoints?.length === 2);
    const [newest, older] = attempts.left.checkpoints;
    if (newest === undefined || older === undefined) throw new Error('there are two checkpoints');
    await damage(newest);
    const end = finished(await attempts.done());
    const resumed = attempts.progress.find(({ losses }) => losses !== undefined);
    expect(resumed?.done).toBe(older.stepInEpoch + 1);
    expect(end.result.warnings).toEqual([
      expect.stringContaining(
        `${newest.manifestKey} (epoch 1, step ${String(newest.stepInEpoch)})`,
      ),
    ]);
    expect((await bits(end)).averages).toBeDefined();
    expect(await bits(end)).toEqual(await bits(calm));
  }, 900_000);
});

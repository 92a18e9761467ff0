/** Checkpoints in a real store: what comes back, what is never visible, and what damage becomes. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { NO_LOSSES } from '../../maskrcnn/training/loss-values.ts';
import { deleteCheckpoint, loadCheckpoint, saveCheckpoint } from '../../storage/checkpoints.ts';
import { HashMismatchError, ObjectNotFoundError } from '../../storage/errors.ts';
import { withTestStore } from '../support/servers.ts';

const testStore = withTestStore();
let folder: string;
const hash = (digit: string) => digit.repeat(64);
const weights = randomBytes(300_000);
const optimizer = randomBytes(20_000);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lesionflow-checkpoints-'));
  await writeFile(join(folder, 'w.h5'), weights);
  await writeFile(join(folder, 'o.h5'), optimizer);
});
afterAll(() => rm(folder, { recursive: true }));

const save = (attempt: string) =>
  saveCheckpoint(testStore().store, {
    runId: 'run',
    stage: 'heads',
    epoch: 2,
    stepInEpoch: 10,
    step: 20,
    attempt,
    lossSums: NO_LOSSES,
    best: { epoch: 1, loss: 0.5 },
    hashes: { recipe: hash('1'), data: hash('2'), code: hash('3') },
    config: maskRcnnConfigSchema.parse({}),
    weightsPath: join(folder, 'w.h5'),
    optimizerPath: join(folder, 'o.h5'),
    averagesPath: null,
  });

const target = (name: string) => join(folder, name);

describe('checkpoints', () => {
  test('come back byte for byte, from a folder of their attempt', async () => {
    const ref = await save('a-1');
    expect(ref).toMatchObject({ stage: 'heads', epoch: 2, stepInEpoch: 10 });
    expect(ref.manifestKey).toBe('runs/run/checkpoints/heads/e2-s20-a-1/manifest.json');
    const loaded = await loadCheckpoint(testStore().store, ref, target('whole'));
    expect(loaded.manifest).toMatchObject({ step: 20, weights: { bytes: 300_000 } });
    expect((await readFile(loaded.weightsPath)).equals(weights)).toBe(true);
    expect((await readFile(loaded.optimizerPath ?? '')).equals(optimizer)).toBe(true);
    expect((await readdir(target('whole'))).sort()).toEqual(['optimizer.h5', 'weights.h5']);
  });

  test('are not touched by another attempt at the same epoch', async () => {
    const first = await save('b-1');
    const second = await save('b-2');
    expect(second.manifestKey).not.toBe(first.manifestKey);
    await loadCheckpoint(testStore().store, first, target('first'));
  });

  test.each(['weights.h5', 'optimizer.h5'])('refuse a damaged %s', async (name) => {
    const ref = await save(`damaged-${name}`);
    const key = ref.manifestKey.replace('manifest.json', name);
    const damaged = Buffer.from(await testStore().store.get(key));
    damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
    await testStore().store.put(key, damaged);
    const into = target(`damaged-${name}`);
    await expect(loadCheckpoint(testStore().store, ref, into)).rejects.toThrow(HashMismatchError);
    expect(await readdir(into)).not.toContain(name);
  });

  test('refuse a manifest that is not the one the reference names', async () => {
    const ref = await save('manifest');
    await testStore().store.put(ref.manifestKey, '{}');
    await expect(loadCheckpoint(testStore().store, ref, target('m'))).rejects.toThrow(
      HashMismatchError,
    );
  });

  test('say which part is missing', async () => {
    const ref = await save('missing');
    await testStore().store.delete(ref.manifestKey.replace('manifest.json', 'optimizer.h5'));
    const loading = loadCheckpoint(testStore().store, ref, target('missing'));
    await expect(loading).rejects.toThrow(ObjectNotFoundError);
    await expect(loading).rejects.toThrow('optimizer.h5');
  });

  test('keep a file that is there with the right contents, and mend one that is not', async () => {
    const ref = await save('cached');
    await loadCheckpoint(testStore().store, ref, target('cached'));
    await testStore().store.delete(ref.manifestKey.replace('manifest.json', 'weights.h5'));
    await writeFile(join(target('cached'), 'optimizer.h5'), 'half');
    const loaded = await loadCheckpoint(testStore().store, ref, target('cached'));
    expect((await readFile(loaded.optimizerPath ?? '')).equals(optimizer)).toBe(true);
  });

  test('are deleted with all their files, and no others', async () => {
    const [kept, deleted] = [await save('kept'), await save('deleted')];
    await deleteCheckpoint(testStore().store, deleted);
    await deleteCheckpoint(testStore().store, deleted);
    const left: string[] = [];
    for await (const { key } of testStore().store.list('runs/run/checkpoints/heads/e2-s20-')) {
      if (/-(kept|deleted)\//.test(key)) left.push(key);
    }
    expect(left).toHaveLength(3);
    await loadCheckpoint(testStore().store, kept, target('kept'));
  });
});

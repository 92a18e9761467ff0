/** The registry in a real store: numbers under a race, versions that are whole or not there, the gate. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { VersionRef } from '../../contracts/references.ts';
import { HashMismatchError } from '../../storage/errors.ts';
import { downloadVersion, readAlias, resolveVersion } from '../../storage/model-registry.ts';
import { moveAlias } from '../../storage/move-alias.ts';
import { UnknownVersionError } from '../../storage/registry-errors.ts';
import { withTestStore } from '../support/servers.ts';
import {
  publishTestVersion,
  TO_CHAMPION,
  writeVersionFiles,
  type TestPublication,
} from './registry-fixtures.ts';

const testStore = withTestStore();
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lesionflow-registry-'));
  await writeVersionFiles(folder);
});
afterAll(() => rm(folder, { recursive: true }));

const publish = (publication: Omit<TestPublication, 'folder'>) =>
  publishTestVersion(testStore().store, { ...publication, folder });

async function move(ref: VersionRef) {
  const { manifest } = await resolveVersion(testStore().store, ref.model, ref.version);
  return moveAlias(testStore().store, manifest, TO_CHAMPION);
}

describe('publishing a version', () => {
  test('gives rising numbers, and files that come back verified', async () => {
    const first = await publish({ model: 'rising', run: 'r1' });
    const second = await publish({ model: 'rising', run: 'r2' });
    expect([first.version, second.version]).toEqual([1, 2]);
    const resolved = await resolveVersion(testStore().store, 'rising', 2);
    expect(resolved.ref).toEqual(second);
    const files = await downloadVersion(testStore().store, resolved, join(folder, 'cache'));
    expect(await readFile(files.weightsPath, 'utf8')).toBe('weights');
    const index = join(files.savedModelFolder, 'variables', 'variables.index');
    expect(await readFile(index, 'utf8')).toBe('index');
    const card = await testStore().store.get(resolved.manifest.modelCard.key);
    expect(new TextDecoder().decode(card)).toBe('# Version 2');
  });

  test('gives eight publishers at once eight numbers', async () => {
    const runs = Array.from({ length: 8 }, (_, i) => `race-${String(i)}`);
    const refs = await Promise.all(runs.map((run) => publish({ model: 'race', run })));
    expect(refs.map(({ version }) => version).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
  });

  test('answers a retry with the version that is there', async () => {
    const first = await publish({ model: 'retry', run: 'same' });
    await publish({ model: 'retry', run: 'other' });
    expect(await publish({ model: 'retry', run: 'same' })).toEqual(first);
  });

  test('that is cut off is never seen, and is finished under its number', async () => {
    await publish({ model: 'cut', run: 'r1' });
    const cut = publish({ model: 'cut', run: 'r2', savedModelFolder: join(folder, 'nowhere') });
    await expect(cut).rejects.toThrow('nowhere');
    await expect(resolveVersion(testStore().store, 'cut', 2)).rejects.toThrow(UnknownVersionError);
    expect((await publish({ model: 'cut', run: 'r3' })).version).toBe(3);
    expect((await publish({ model: 'cut', run: 'r2' })).version).toBe(2);
  });

  test('whose file was changed afterwards is refused when it is fetched', async () => {
    await publish({ model: 'damaged', run: 'r1' });
    const resolved = await resolveVersion(testStore().store, 'damaged', 1);
    await testStore().store.put(resolved.manifest.weights.key, 'WEIGHTS');
    const fetched = downloadVersion(testStore().store, resolved, join(folder, 'cache'));
    await expect(fetched).rejects.toThrow(HashMismatchError);
  });

  test('is the only way to get one: an unknown version says which there are', async () => {
    await publish({ model: 'unknown', run: 'r1' });
    await expect(resolveVersion(testStore().store, 'unknown', 7)).rejects.toThrow(
      'versions are 1;',
    );
    await expect(resolveVersion(testStore().store, 'unknown', 'champion')).rejects.toThrow(
      '"champion"',
    );
    await expect(resolveVersion(testStore().store, 'nobody', 1)).rejects.toThrow('no published');
  });
});

describe('the alias', () => {
  test('moves to the first, then only to what is better on the same split', async () => {
    const model = 'gate';
    const first = await move(await publish({ model, run: 'r1', score: 0.5 }));
    expect(first).toMatchObject({ name: 'champion', moved: true });
    expect(await move(await publish({ model, run: 'r2', score: 0.5 }))).toMatchObject({
      moved: false,
      reason: expect.stringContaining('not greater'),
    });
    expect(await move(await publish({ model, run: 'r3', score: 0.51 }))).toMatchObject({
      moved: true,
    });
    const other = await move(await publish({ model, run: 'r4', score: 0.9, split: 'two' }));
    expect(other).toMatchObject({ moved: false, reason: expect.stringContaining('split') });
    expect(await readAlias(testStore().store, model, 'champion')).toMatchObject({ version: 3 });
    expect((await resolveVersion(testStore().store, model, 'champion')).ref.version).toBe(3);
  });

  test('moved twice by a retried activity is moved', async () => {
    const ref = await publish({ model: 'again', run: 'r1' });
    await move(ref);
    expect(await move(ref)).toMatchObject({ moved: true });
  });

  test('ends at the best of several that move it at once', async () => {
    const found = [0.61, 0.64, 0.62, 0.65, 0.6, 0.63];
    const refs = await Promise.all(
      found.map((score, i) => publish({ model: 'swap', run: `r${String(i)}`, score })),
    );
    const moves = await Promise.all(refs.map(move));
    expect(moves[3]).toMatchObject({ moved: true });
    const champion = await readAlias(testStore().store, 'swap', 'champion');
    expect(champion?.version).toBe(refs[3]?.version);
  });
});

/** An alias that people move: only from what they saw, with a history, and never undone by an attempt that wakes late. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { readAlias, resolveVersion } from '../../storage/model-registry.ts';
import { moveAlias } from '../../storage/move-alias.ts';
import { AliasMovedError } from '../../storage/registry-errors.ts';
import { holderBefore, setAlias } from '../../storage/set-alias.ts';
import { withTestStore } from '../support/servers.ts';
import { publishTestVersion, TO_CHAMPION, writeVersionFiles } from './registry-fixtures.ts';

const testStore = withTestStore();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lesionflow-alias-'));
  await writeVersionFiles(folder);
});
afterAll(() => rm(folder, { recursive: true }));

/** Publishes a version for each score, one after another, and lets the gate decide about each. */
async function publishAll(model: string, scores: readonly number[]) {
  const manifests = [];
  for (const [index, score] of scores.entries()) {
    const { store } = testStore();
    const run = `r${String(index)}`;
    const { version } = await publishTestVersion(store, { model, run, folder, score });
    const { manifest } = await resolveVersion(store, model, version);
    await moveAlias(store, manifest, TO_CHAMPION);
    manifests.push(manifest);
  }
  return manifests;
}

const champion = (model: string) => readAlias(testStore().store, model, 'champion');

test('what the gate and people decided is kept, the newest first', async () => {
  const { store } = testStore();
  const [first, second] = await publishAll('history', [0.6, 0.7]);
  if (first === undefined) throw new Error('nothing published');
  const turn = { alias: 'champion', by: 'anna', reason: 'misses small lesions', from: 2 };
  const moved = await setAlias(store, first, turn);
  expect(moved).toMatchObject({ version: 1, scores: first.scores });
  expect(moved.history).toMatchObject([
    { version: 1, by: 'anna', reason: 'misses small lesions' },
    { version: 2, by: null, reason: expect.stringContaining('on the same split') },
    { version: 1, by: null },
  ]);
  expect(await champion('history')).toEqual(moved);
  expect(holderBefore(moved)).toBe(2);
  // The attempt that published version 2 wakes late: it has moved the alias once, and does not again.
  if (second === undefined) throw new Error('one published');
  await moveAlias(store, second, TO_CHAMPION);
  expect(await champion('history')).toEqual(moved);
});

test('of people who decide at once one wins, and the others are told', async () => {
  const { store } = testStore();
  const manifests = await publishAll('rivals', [0.9, 0.5, 0.6, 0.7]);
  const rivals = manifests.slice(1);
  const outcomes = await Promise.allSettled(
    rivals.map((manifest) =>
      setAlias(store, manifest, { alias: 'champion', by: 'x', reason: 'y', from: 1 }),
    ),
  );
  const won = outcomes.filter(({ status }) => status === 'fulfilled');
  expect(won).toHaveLength(1);
  const lost = outcomes.flatMap((one) =>
    one.status === 'rejected' ? [one.reason as unknown] : [],
  );
  expect(lost).toEqual(rivals.slice(1).map(() => expect.any(AliasMovedError)));
  const { version = 0, history = [] } = (await champion('rivals')) ?? {};
  expect(history.map((turn) => turn.version)).toEqual([version, 1]);
  expect(String(lost[0])).toContain(
    `named version 1 when this was decided, and names version ${String(version)} now`,
  );
});

test('an alias that is not there yet is made, and only if nobody made it meanwhile', async () => {
  const { store } = testStore();
  const [only] = await publishAll('new-alias', [0.5]);
  if (only === undefined) throw new Error('nothing published');
  const turn = { alias: 'candidate', by: 'anna', reason: 'try it', from: undefined };
  expect((await setAlias(store, only, turn)).history).toHaveLength(1);
  await expect(setAlias(store, only, turn)).rejects.toThrow(
    /named nothing when .* names version 1 now/,
  );
});

test('a document of older code has no turns: the version before is the one that publishing moved it to', () => {
  const old = {
    ...{ model: 'm', alias: 'champion', version: 4, splitHash: 'a'.repeat(64) },
    scores: {
      jaccard: 0,
      thresholdJaccard: 0,
      dice: 0,
      sensitivity: 0,
      specificity: 0,
      accuracy: 0,
    },
    updatedAt: new Date(0).toISOString(),
  };
  expect(holderBefore({ ...old, history: [], movedTo: [4, 2, 1] })).toBe(2);
  expect(holderBefore({ ...old, history: [], movedTo: [4] })).toBeUndefined();
});

/** Outcomes in a real store: when a run has nothing new to do, and when it only looks so. */

import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { FindOutcomeInput } from '../../contracts/activities.ts';
import { gateSchema, type InitialWeights } from '../../contracts/pipeline-input.ts';
import type { PipelineResult } from '../../contracts/progress.ts';
import { resolveVersion } from '../../storage/model-registry.ts';
import { findOutcome, recordOutcome, type OutcomeInputs } from '../../storage/outcomes.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { lineage, publishTestVersion, scores, writeVersionFiles } from './registry-fixtures.ts';

const testStore = withTestStore();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeVersionFiles(folder.path);
});
afterAll(() => folder.remove());

const HASH = 'a'.repeat(64);
const PUBLISH = { model: 'lesion', alias: 'champion', gate: gateSchema.parse({}), approval: null };

/** `name` keeps the tests apart. */
function inputs(name: string, changes: Partial<OutcomeInputs> = {}): OutcomeInputs {
  const { split, records } = lineage(name);
  return {
    configHash: HASH,
    codeHash: HASH,
    initialWeights: { from: 'scratch' },
    split,
    records,
    evaluation: { overlays: 1, minConfidence: 0.05 },
    publish: PUBLISH,
    ...changes,
  };
}

async function result(name: string): Promise<PipelineResult> {
  const options = { model: name, run: name, folder: folder.path };
  return {
    runId: name,
    outcome: 'trained',
    evaluation: { key: 'e.json', hash: HASH, images: 1, scores: scores(0.5) },
    version: await publishTestVersion(testStore().store, options),
    alias: { name: 'champion', moved: true, reason: 'first', by: null },
  };
}

describe('an outcome', () => {
  test('is found by the same inputs, and by none that decide otherwise', async () => {
    const { store } = testStore();
    const asked = inputs('found');
    const { key, earlier } = await findOutcome(store, asked);
    expect(earlier).toBeNull();
    const first = await result('found');
    await recordOutcome(store, { key, result: first });
    expect(await findOutcome(store, asked)).toEqual({ key, earlier: first });

    const elsewhere = { ...asked.records, manifestKey: 'elsewhere.json' };
    expect((await findOutcome(store, { ...asked, records: elsewhere })).earlier).toEqual(first);

    const others: Partial<FindOutcomeInput & OutcomeInputs>[] = [
      { configHash: 'b'.repeat(64) },
      { codeHash: 'b'.repeat(64) },
      { split: { ...asked.split, hash: 'b'.repeat(64) } },
      { records: { ...asked.records, hash: 'b'.repeat(64) } },
      { evaluation: { overlays: 1, minConfidence: 0.5 } },
      { publish: { ...PUBLISH, alias: 'challenger' } },
      { publish: { ...PUBLISH, gate: null } },
      { publish: { ...PUBLISH, approval: { hours: 1 } } },
    ];
    for (const change of others) {
      expect((await findOutcome(store, { ...asked, ...change })).earlier).toBeNull();
    }
  });

  test.each<[InitialWeights, boolean]>([
    [{ from: 'coco' }, true],
    [{ from: 'imagenet', url: 'https://example.org/w.h5' }, false],
    [{ from: 'imagenet', url: 'https://example.org/w.h5', sha256: HASH }, true],
    [{ from: 'file', url: 'file:///w.h5' }, false],
    [{ from: 'file', url: 'file:///w.h5', sha256: HASH }, true],
    [{ from: 'version', model: 'lesion', version: 1 }, true],
    [{ from: 'version', model: 'lesion', version: 'champion' }, false],
  ])('of a run from %j can be taken again: %s', async (initialWeights, isSame) => {
    const { store } = testStore();
    const asked = inputs('weights', { initialWeights });
    const { key } = await findOutcome(store, asked);
    await recordOutcome(store, { key, result: await result('weights') });
    expect((await findOutcome(store, asked)).earlier !== null).toBe(isSame);
  });

  test('stays the first while its version is whole', async () => {
    const { store } = testStore();
    const { key } = await findOutcome(store, inputs('twice'));
    const first = await result('twice');
    await recordOutcome(store, { key, result: first });
    await recordOutcome(store, { key, result: { ...(await result('later')), runId: 'later' } });
    expect((await findOutcome(store, inputs('twice'))).earlier).toEqual(first);
  });

  test.each(['a file', 'the manifest'])(
    'whose version lost %s is none, and is replaced',
    async (part) => {
      const { store } = testStore();
      const name = part === 'a file' ? 'lost-file' : 'lost-manifest';
      const { key } = await findOutcome(store, inputs(name));
      const first = await result(name);
      await recordOutcome(store, { key, result: first });
      const { manifest } = await resolveVersion(store, name, 1);
      await store.delete(part === 'a file' ? manifest.weights.key : first.version.manifestKey);
      expect((await findOutcome(store, inputs(name))).earlier).toBeNull();
      const second = await result(`${name}-again`);
      await recordOutcome(store, { key, result: second });
      expect((await findOutcome(store, inputs(name))).earlier).toEqual(second);
    },
  );

  test('that is damaged is none, and is replaced', async () => {
    const { store } = testStore();
    const { key } = await findOutcome(store, inputs('damaged'));
    await store.put(key, '{"kind":"outcome"');
    expect((await findOutcome(store, inputs('damaged'))).earlier).toBeNull();
    const second = await result('damaged');
    await recordOutcome(store, { key, result: second });
    expect((await findOutcome(store, inputs('damaged'))).earlier).toEqual(second);
  });

  test('of eight runs at once is one of theirs', async () => {
    const { store } = testStore();
    const { key } = await findOutcome(store, inputs('racing'));
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) => result(`racing-${String(i)}`)),
    );
    await Promise.all(all.map((one) => recordOutcome(store, { key, result: one })));
    expect(all).toContainEqual((await findOutcome(store, inputs('racing'))).earlier);
  });
});

/**
 * Two attempts to publish one version, the first asleep before each of its calls to the store in turn and awake
 * again when all is over: it must change nothing. And a world that went on in between stays as it is.
 */
import { EventEmitter, once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Alias } from '../../contracts/manifests.ts';
import type { AliasAnswer } from '../../contracts/progress.ts';
import type { VersionRef } from '../../contracts/references.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { canonicalJson } from '../../storage/documents.ts';
import { downloadVersion, readAlias, resolveVersion } from '../../storage/model-registry.ts';
import { moveAlias } from '../../storage/move-alias.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { filesOf } from '../../storage/publish-version.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { publishTestVersion, TO_CHAMPION, writeVersionFiles } from './registry-fixtures.ts';

const testStore = withTestStore();
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
  await writeVersionFiles(folder.path);
});
afterAll(() => folder.remove());

interface Sleeper {
  readonly store: ObjectStore;
  /** Settles when the call is reached; never, when there are fewer. */
  readonly asleep: Promise<'asleep'>;
  wake(): void;
}

/** The store, but its `n`th call waits until it is woken, before it is sent. */
function sleepingAt(store: ObjectStore, n: number): Sleeper {
  let calls = 0;
  const events = new EventEmitter();
  const asleep = once(events, 'asleep').then(() => 'asleep' as const);
  const woken = once(events, 'wake');
  const gate = async () => {
    if (++calls !== n) return;
    events.emit('asleep');
    await woken;
  };
  const gated: ObjectStore = {
    ...store,
    head: (...args) => gate().then(() => store.head(...args)),
    get: (...args) => gate().then(() => store.get(...args)),
    put: (...args) => gate().then(() => store.put(...args)),
    putStream: (...args) => gate().then(() => store.putStream(...args)),
    delete: (...args) => gate().then(() => store.delete(...args)),
    async *list(prefix) {
      await gate();
      yield* store.list(prefix);
    },
    async *listUploads(prefix) {
      await gate();
      yield* store.listUploads(prefix);
    },
  };
  return { store: gated, asleep, wake: () => void events.emit('wake') };
}

interface Published {
  readonly version: VersionRef;
  readonly alias: AliasAnswer;
}

interface Attempt {
  readonly model: string;
  readonly run: string;
  readonly attempt: string;
  readonly score: number;
}

/** What the export task does in the store. */
async function publish(store: ObjectStore, attempt: Attempt): Promise<Published> {
  const version = await publishTestVersion(store, { ...attempt, folder: folder.path });
  const { manifest } = await resolveVersion(store, attempt.model, version.version);
  return { version, alias: await moveAlias(store, manifest, TO_CHAMPION) };
}

async function versionsOf(model: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of testStore().store.list(`${storeKeys.versionsFolder(model)}/`)) {
    if (key.endsWith('/manifest.json')) found.push(key);
  }
  return found;
}

/** Runs `scenario` for the first call, the second, … until the attempt ends without having slept. */
async function forEachCall(
  scenario: (n: number, sleeper: Sleeper) => Promise<'slept' | 'never slept'>,
): Promise<number> {
  for (let n = 1; ; n++) {
    const sleeper = sleepingAt(testStore().store, n);
    if ((await scenario(n, sleeper)) === 'never slept') return n - 1;
  }
}

describe('an attempt to publish that sleeps before any of its calls', () => {
  test('and wakes after its successor has finished comes to the same, and changes nothing', async () => {
    const { store } = testStore();
    const calls = await forEachCall(async (n, sleeper) => {
      const model = `asleep-${String(n)}`;
      const first = { model, run: 'r1', attempt: 'a1', score: 0.5 };
      const stale = publish(sleeper.store, first);
      const state = await Promise.race([sleeper.asleep, stale]);
      const fresh = await publish(store, { ...first, attempt: 'a2' });
      const aliasBefore = await store.get(storeKeys.alias(model, 'champion'));
      sleeper.wake();
      expect(await stale).toEqual(fresh);
      expect(fresh).toMatchObject({ version: { version: 1 }, alias: { moved: true } });
      expect(await versionsOf(model)).toHaveLength(1);
      expect(await store.get(storeKeys.alias(model, 'champion'))).toEqual(aliasBefore);
      const resolved = await resolveVersion(store, model, 'champion');
      expect(resolved.ref).toEqual(fresh.version);
      await downloadVersion(store, resolved, `${folder.path}/${model}`);
      // One attempt's files, and only those, unless the sleeper died: it cleared up after itself.
      const files = `${storeKeys.versionFolder(model, 1)}/files/`;
      const left: string[] = [];
      for await (const { key } of store.list(files)) left.push(key);
      expect(left.sort()).toEqual(
        filesOf(resolved.manifest)
          .map(({ key }) => key)
          .sort(),
      );
      return state === 'asleep' ? 'slept' : 'never slept';
    });
    // Claim, three files, card, manifest, alias and what is read in between.
    expect(calls).toBeGreaterThan(15);
  });

  test('leaves an alias that has gone on to a newer version, or was taken back by hand', async () => {
    const { store } = testStore();
    await forEachCall(async (n, sleeper) => {
      const model = `gone-on-${String(n)}`;
      const old = await publish(store, { model, run: 'r0', attempt: 'a0', score: 0.3 });
      const before = await readAlias(store, model, 'champion');
      const ours = { model, run: 'r1', attempt: 'a1', score: 0.5 };
      const stale = publish(sleeper.store, ours);
      const state = await Promise.race([sleeper.asleep, stale]);
      await publish(store, { ...ours, attempt: 'a2' });
      await publish(store, { model, run: 'r2', attempt: 'a3', score: 0.7 });
      const byHand = { ...before, updatedAt: new Date().toISOString() } as Alias;
      await store.put(storeKeys.alias(model, 'champion'), canonicalJson(byHand));
      sleeper.wake();
      await stale;
      expect(await readAlias(store, model, 'champion')).toMatchObject({
        version: old.version.version,
        updatedAt: byHand.updatedAt,
      });
      expect(await versionsOf(model)).toHaveLength(3);
      return state === 'asleep' ? 'slept' : 'never slept';
    });
  });

  test('and never wakes is finished by its successor under the same number', async () => {
    const { store } = testStore();
    await forEachCall(async (n, sleeper) => {
      const model = `dead-${String(n)}`;
      const first = { model, run: 'r1', attempt: 'a1', score: 0.5 };
      const stale = publish(sleeper.store, first);
      const state = await Promise.race([sleeper.asleep, stale]);
      const fresh = await publish(store, { ...first, attempt: 'a2' });
      expect(fresh.version.version).toBe(1);
      expect((await publish(store, { ...first, run: 'r2', score: 0.6 })).version.version).toBe(2);
      return state === 'asleep' ? 'slept' : 'never slept';
    });
  });
});

test('sixteen attempts of four publications at once are four versions', async () => {
  const { store } = testStore();
  const attempts = Array.from({ length: 16 }, (_, i) => ({
    model: 'crowd',
    run: `r${String(i % 4)}`,
    attempt: `a${String(i)}`,
    score: 0.5 + (i % 4) / 10,
  }));
  const published = await Promise.all(attempts.map((attempt) => publish(store, attempt)));
  expect(await versionsOf('crowd')).toHaveLength(4);
  for (const [i, { version }] of published.entries()) {
    expect(version).toEqual(published[i % 4]?.version);
    await downloadVersion(
      store,
      await resolveVersion(store, 'crowd', version.version),
      `${folder.path}/crowd`,
    );
  }
  const champion = await readAlias(store, 'crowd', 'champion');
  expect(champion?.version).toBe(published[3]?.version.version);
});

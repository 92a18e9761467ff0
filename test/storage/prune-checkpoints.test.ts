/** Retention in a real store: what goes, what stays whatever happens, and what an interruption leaves. */
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import type { CheckpointRef } from '../../contracts/references.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { StalePruningError } from '../../storage/errors.ts';
import { pruneCheckpoints } from '../../storage/prune-checkpoints.ts';
import { withTestStore } from '../support/servers.ts';

const testStore = withTestStore();
const FILES = ['weights.h5', 'optimizer.h5', 'manifest.json'];

const folderOf = (runId: string, stage: string, epoch: number, attempt = 'a1') =>
  storeKeys.checkpointFolder(runId, stage, epoch, epoch * 10, attempt);

const refOf = (folder: string, stage: string, epoch: number): CheckpointRef => ({
  manifestKey: `${folder}/manifest.json`,
  hash: 'a'.repeat(64),
  stage,
  epoch,
  stepInEpoch: 10,
});

async function save(runId: string, stage: string, epoch: number, attempt?: string) {
  const folder = folderOf(runId, stage, epoch, attempt);
  for (const file of FILES) await testStore().store.put(`${folder}/${file}`, file);
  return refOf(folder, stage, epoch);
}

async function keysOf(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of testStore().store.list(prefix)) keys.push(key);
  return keys.sort();
}

/** Folders that are left of a run, without the run's own part. */
async function foldersOf(runId: string): Promise<string[]> {
  const root = `${storeKeys.checkpointsFolder(runId)}/`;
  const keys = await keysOf(root);
  return [...new Set(keys.map((key) => key.slice(root.length, key.lastIndexOf('/'))))];
}

describe('pruning checkpoints', () => {
  test('keeps what is named and what is newer, and deletes the rest, whoever left it', async () => {
    const best = await save('mixed', 'heads', 1);
    await save('mixed', 'heads', 2);
    await save('mixed', 'heads', 3, 'dead');
    const last = await save('mixed', 'heads', 3, 'alive');
    await save('mixed', 'all', 4);
    await save('other', 'heads', 1);
    const input = { runId: 'mixed', throughEpoch: 3, keep: [last, best] };
    expect(await pruneCheckpoints({ store: testStore().store, ...input })).toEqual({ deleted: 2 });
    expect(await foldersOf('mixed')).toEqual([
      'all/e4-s40-a1',
      'heads/e1-s10-a1',
      'heads/e3-s30-alive',
    ]);
    expect(await foldersOf('other')).toHaveLength(1);
    expect(await pruneCheckpoints({ store: testStore().store, ...input })).toEqual({ deleted: 0 });
  });

  test('leaves alone what it cannot read as a checkpoint', async () => {
    const { store } = testStore();
    const strange = ['notes.txt', 'heads/e1/weights.h5', 'heads/e1-s10-a1/more/weights.h5'];
    for (const name of strange)
      await store.put(`${storeKeys.checkpointsFolder('strange')}/${name}`, '');
    await pruneCheckpoints({ store, runId: 'strange', throughEpoch: 99, keep: [] });
    expect(await keysOf(`${storeKeys.checkpointsFolder('strange')}/`)).toHaveLength(3);
  });

  test('stopped at any file leaves no manifest that names a missing one', async () => {
    for (let stopAt = 1; stopAt <= 6; stopAt++) {
      const runId = `stopped-${String(stopAt)}`;
      for (const epoch of [1, 2]) await save(runId, 'heads', epoch);
      const stop = new AbortController();
      let count = 0;
      const { store } = testStore();
      const counting = {
        list: (prefix: string) => store.list(prefix),
        listUploads: (prefix: string) => store.listUploads(prefix),
        abortUpload: (upload: { key: string; uploadId: string }) => store.abortUpload(upload),
        delete: async (key: string) => {
          await store.delete(key);
          if (++count === stopAt) stop.abort(new Error('cancelled'));
        },
      };
      const input = { runId, throughEpoch: 2, keep: [], signal: stop.signal };
      const pruning = pruneCheckpoints({ store: counting, ...input });
      if (stopAt < 6) await expect(pruning).rejects.toThrow('cancelled');
      else await pruning;
      const left = await keysOf(`${storeKeys.checkpointsFolder(runId)}/`);
      for (const manifest of left.filter((key) => key.endsWith('manifest.json'))) {
        const folder = manifest.slice(0, -'manifest.json'.length);
        expect(left.filter((key) => key.startsWith(folder))).toHaveLength(FILES.length);
      }
      await pruneCheckpoints({ store, ...input, signal: undefined });
      expect(await foldersOf(runId)).toEqual([]);
    }
  });

  test('deletes nothing by a listing that came when another attempt may be at work', async () => {
    const { store } = testStore();
    await save('slept', 'heads', 1);
    const sleeping = {
      ...store,
      async *list(prefix: string) {
        yield* store.list(prefix);
        await sleep(30);
      },
    };
    const input = { runId: 'slept', throughEpoch: 1, keep: [] };
    await expect(pruneCheckpoints({ store: sleeping, ...input, lifeMs: 10 })).rejects.toThrow(
      StalePruningError,
    );
    expect(await foldersOf('slept')).toHaveLength(1);
    await pruneCheckpoints({ store, ...input, lifeMs: 60_000 });
    expect(await foldersOf('slept')).toEqual([]);
  });

  test('aborts uploads that dead attempts left, and none that may still be needed', async () => {
    const { store, server } = testStore();
    const client = new S3Client({ ...server, forcePathStyle: true });
    const begin = async (folder: string) =>
      client.send(
        new CreateMultipartUploadCommand({ Bucket: server.bucket, Key: `${folder}/weights.h5` }),
      );
    const kept = await save('uploads', 'heads', 2);
    await begin(folderOf('uploads', 'heads', 1));
    await begin(folderOf('uploads', 'heads', 2, 'dead'));
    await begin(folderOf('uploads', 'heads', 2));
    await begin(folderOf('uploads', 'heads', 3));
    await begin(folderOf('another', 'heads', 1));
    client.destroy();
    await pruneCheckpoints({ store, runId: 'uploads', throughEpoch: 2, keep: [kept] });
    const left: string[] = [];
    for await (const { key } of store.listUploads('runs/')) left.push(key);
    expect(left.sort()).toEqual([
      `${folderOf('another', 'heads', 1)}/weights.h5`,
      `${folderOf('uploads', 'heads', 2)}/weights.h5`,
      `${folderOf('uploads', 'heads', 3)}/weights.h5`,
    ]);
  });
});

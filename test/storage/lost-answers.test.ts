/** Writes whose answers are lost: done once, known as done, and never taken for somebody else's. */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { describe, expect, test } from '@jest/globals';
import { PreconditionFailedError, UploadAbortedError } from '../../storage/errors.ts';
import { createS3ObjectStore, type S3ObjectStore } from '../../storage/s3-object-store.ts';
import { sweepUploads } from '../../storage/sweep-uploads.ts';
import { startLossyProxy } from '../support/lossy-proxy.ts';
import { withTestStore } from '../support/servers.ts';

const testStore = withTestStore();
const MEGABYTE = 1024 * 1024;

/** Runs `work` on a store behind a proxy that loses the first answer for which `isIt`. */
async function withLostAnswer(
  isIt: (request: IncomingMessage) => boolean,
  work: (store: S3ObjectStore) => Promise<void>,
): Promise<void> {
  const { server } = testStore();
  let isLost = false;
  await using proxy = await startLossyProxy({
    endpoint: server.endpoint,
    loses: (request) => {
      const loses = !isLost && isIt(request);
      isLost ||= loses;
      return loses;
    },
  });
  using store = createS3ObjectStore({ ...server, endpoint: proxy.endpoint });
  await work(store);
  expect(proxy.lost()).toBe(1);
}

const isPut = ({ method }: IncomingMessage) => method === 'PUT';
const isComplete = ({ method, url = '' }: IncomingMessage) =>
  method === 'POST' && url.includes('uploadId=');
const text = async (key: string) => Buffer.from(await testStore().store.get(key)).toString();
const large = () =>
  Readable.from(Array<Buffer>(20).fill(randomBytes(MEGABYTE)), { objectMode: false });

async function uploadsOf(prefix: string): Promise<number> {
  let count = 0;
  for await (const upload of testStore().store.listUploads(prefix))
    count += Number(upload.key !== '');
  return count;
}

describe('when the answer to a write is lost', () => {
  test('a creation that was done is a success, with the ETag of what is there', () =>
    withLostAnswer(isPut, async (store) => {
      const created = await store.put('lost/created', 'ours', { ifNoneMatch: '*' });
      expect(created).toEqual(await store.head('lost/created'));
      await store.put('lost/created', 'next', { ifMatch: created.etag });
    }));

  test('a swap that was done is a success', async () => {
    const { etag } = await testStore().store.put('lost/swapped', 'before');
    await withLostAnswer(isPut, async (store) => {
      const swapped = await store.put('lost/swapped', 'after', { ifMatch: etag });
      expect(swapped).toEqual(await store.head('lost/swapped'));
    });
    expect(await text('lost/swapped')).toBe('after');
  });

  test('a creation that lost stays lost, even against the very same bytes', async () => {
    await testStore().store.put('lost/taken', 'same', { ifNoneMatch: '*' });
    await withLostAnswer(isPut, async (store) => {
      await expect(store.put('lost/taken', 'same', { ifNoneMatch: '*' })).rejects.toThrow(
        PreconditionFailedError,
      );
    });
  });

  test('a swap on which somebody else built is not repeated', async () => {
    const { store: direct, server } = testStore();
    const { etag } = await direct.put('lost/built-on', 'before');
    let puts = 0;
    await using proxy = await startLossyProxy({
      endpoint: server.endpoint,
      loses: async (request) => {
        if (isPut(request) && ++puts === 2) await direct.put('lost/built-on', 'newer');
        return isPut(request) && puts === 1;
      },
    });
    using store = createS3ObjectStore({ ...server, endpoint: proxy.endpoint });
    await expect(store.put('lost/built-on', 'ours', { ifMatch: etag })).rejects.toThrow(
      PreconditionFailedError,
    );
    expect(puts).toBe(2);
    expect(await text('lost/built-on')).toBe('newer');
  });

  test('an upload that was completed is a success, and leaves no parts', () =>
    withLostAnswer(isComplete, async (store) => {
      const uploaded = await store.putStream('lost/upload', large());
      expect(uploaded).toMatchObject({ bytes: 20 * MEGABYTE });
      expect(uploaded).toEqual(await store.head('lost/upload'));
      expect(await uploadsOf('lost/upload')).toBe(0);
    }));

  test('an upload that was completed is a success where the store knows it no longer (MinIO)', async () => {
    const { server } = testStore();
    let completions = 0;
    await using proxy = await startLossyProxy({
      endpoint: server.endpoint,
      refuses: (request) => (isComplete(request) && ++completions > 1 ? 'NoSuchUpload' : undefined),
      loses: isComplete,
    });
    using store = createS3ObjectStore({ ...server, endpoint: proxy.endpoint });
    const uploaded = await store.putStream('lost/forgotten', large());
    expect(completions).toBe(2);
    expect(uploaded).toEqual(await store.head('lost/forgotten'));
  });

  test('an upload that was begun twice leaves the first for the sweep, and is whole', () =>
    withLostAnswer(
      ({ method, url = '' }) => method === 'POST' && url.includes('uploads'),
      async (store) => {
        await store.putStream('lost/begun', large());
        expect(await store.head('lost/begun')).toMatchObject({ bytes: 20 * MEGABYTE });
        expect(await uploadsOf('lost/begun')).toBe(1);
      },
    ));
});

test('an upload that somebody aborts says so, may be tried again, and shows nothing', async () => {
  const { server, store: direct } = testStore();
  await using proxy = await startLossyProxy({
    endpoint: server.endpoint,
    loses: async (request) => {
      // All parts are there. (A part under way may be answered by 500 too, which may be tried again as well.)
      if (isComplete(request)) {
        await sweepUploads(direct, { prefix: 'aborted/', isDead: () => true });
      }
      return false;
    },
  });
  using store = createS3ObjectStore({ ...server, endpoint: proxy.endpoint });
  const error: unknown = await store.putStream('aborted/x', large()).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(UploadAbortedError);
  expect(error).toMatchObject({ retryable: true, values: { key: 'aborted/x' } });
  expect(await direct.head('aborted/x')).toBeUndefined();
});

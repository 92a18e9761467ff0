/** The test at a worker's start: a real store passes, and one that ignores conditions is found out. */
import { describe, expect, test } from '@jest/globals';
import { StoreUnfitError, StoreUnreachableError } from '../../storage/errors.ts';
import type { ObjectInfo } from '../../storage/object-store.ts';
import { probeStore, type ProbedStore } from '../../storage/probe-store.ts';
import { createS3ObjectStore } from '../../storage/s3-object-store.ts';
import { startCarelessStore } from '../support/careless-store.ts';
import { startLossyProxy } from '../support/lossy-proxy.ts';
import { withTestStore } from '../support/servers.ts';

const testStore = withTestStore();

async function leftovers(): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of testStore().store.list('probes/')) keys.push(key);
  return keys;
}

/** What the probe says to a store that does not look at that header. */
async function ignoring(...headers: string[]): Promise<unknown> {
  await using careless = await startCarelessStore({ ignores: headers });
  using store = createS3ObjectStore(careless.settings);
  const error: unknown = await probeStore(store).catch((reason: unknown) => reason);
  expect(careless.keys()).toEqual([]);
  return error;
}

describe('the probe of the store', () => {
  test('passes a store that keeps its promises, and leaves nothing', async () => {
    await probeStore(testStore().store);
    expect(await leftovers()).toEqual([]);
  });

  test('passes through a network that loses answers', async () => {
    const { server } = testStore();
    let puts = 0;
    await using proxy = await startLossyProxy({
      endpoint: server.endpoint,
      loses: ({ method }) => method === 'PUT' && ++puts % 7 === 0,
    });
    using store = createS3ObjectStore({ ...server, endpoint: proxy.endpoint });
    await probeStore(store);
    expect(proxy.lost()).toBeGreaterThan(5);
  });

  test('passes the little store of the tests below, as long as that looks at conditions', async () => {
    expect(await ignoring()).toBeUndefined();
  });

  test('refuses one where every creator wins', async () => {
    const error = await ignoring('if-none-match');
    expect(error).toBeInstanceOf(StoreUnfitError);
    expect(error).toMatchObject({
      code: 'store-unfit',
      retryable: false,
      values: { found: '32 won', promise: expect.stringContaining('create') },
    });
  });

  test('refuses one where every swap wins', async () => {
    expect(await ignoring('if-match')).toMatchObject({
      values: { found: '32 won', promise: expect.stringContaining('replace') },
    });
  });

  test.each<[string, (store: ProbedStore) => Partial<ProbedStore>, RegExp]>([
    [
      'keeps another body than the winner wrote',
      (store) => ({
        put: (key, body, options): Promise<ObjectInfo> =>
          store.put(key, String(body).replace('create', 'crate'), options),
      }),
      /"crate \d+" instead of "create \d+"/,
    ],
    [
      'does not list what was just written',
      () => ({
        async *list() {
          yield* await Promise.resolve([]);
        },
      }),
      /is listed at once. Found: nothing/,
    ],
  ])('refuses one that %s', async (_, fault, message) => {
    const { store } = testStore();
    const methods: ProbedStore = {
      endpoint: store.endpoint,
      bucket: store.bucket,
      get: (key) => store.get(key),
      put: (...args) => store.put(...args),
      list: (prefix) => store.list(prefix),
      delete: (key) => store.delete(key),
    };
    await expect(probeStore({ ...methods, ...fault(store) })).rejects.toThrow(message);
    expect(await leftovers()).toEqual([]);
  });

  test('says that a store cannot be reached, and not that it is unfit', async () => {
    const { server } = testStore();
    using store = createS3ObjectStore({ ...server, endpoint: 'http://127.0.0.1:9' });
    await expect(probeStore(store)).rejects.toThrow(StoreUnreachableError);
  });
});

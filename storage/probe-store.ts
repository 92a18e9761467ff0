/**
 * Tries whether a store keeps the promises that everything here is built on: one winner of a race, no write under a
 * false condition, and what was written is what is read and listed. Some servers ignore conditions that they do
 * not know, and some proxies drop them; then every race has many winners and none of them is told.
 */
import { randomUUID } from 'node:crypto';
import { storeKeys } from '../contracts/store-keys.ts';
import { PreconditionFailedError, StoreUnfitError } from './errors.ts';
import type { ObjectInfo, ObjectStore, WriteConditions } from './object-store.ts';

/** Enough to meet in the same instant on a server that checks first and then writes. */
const RACERS = 32;

export interface ProbedStore extends Pick<ObjectStore, 'get' | 'put' | 'list' | 'delete'> {
  readonly endpoint: string;
  readonly bucket: string;
}

/**
 * About 75 small requests, below `probes/`, where nothing is left. Throws `StoreUnfitError` for a broken promise,
 * and what the store itself throws when it cannot be asked.
 */
export async function probeStore(store: ProbedStore): Promise<void> {
  const folder = storeKeys.probeFolder(randomUUID());
  const key = `${folder}/raced`;
  const { endpoint, bucket } = store;
  const broken = (promise: string, found: string) =>
    new StoreUnfitError({ endpoint, bucket, promise, found });

  /** Writers that all ask for the same at once: one may win, and what is read is that one's. */
  const race = async (name: string, conditions: WriteConditions): Promise<ObjectInfo> => {
    const bodies = Array.from({ length: RACERS }, (_, i) => `${name} ${String(i)}`);
    const answers = await Promise.all(
      bodies.map(async (body) => ({ body, info: await tryPut(store, { key, body, conditions }) })),
    );
    const winners = answers.filter(({ info }) => info !== undefined);
    const [winner] = winners;
    if (winner?.info === undefined || winners.length > 1) {
      const promise = `of ${String(RACERS)} writers that ${name} one object at once exactly one wins`;
      throw broken(promise, `${String(winners.length)} won`);
    }
    await expectBody(winner.body, `what the winner of a race to ${name} wrote is what is read`);
    return winner.info;
  };
  const expectBody = async (body: string, promise: string) => {
    const read = Buffer.from(await store.get(key)).toString();
    if (read !== body) throw broken(promise, `"${read}" instead of "${body}"`);
  };
  const expectRefusal = async (what: string, conditions: WriteConditions) => {
    const written = await tryPut(store, { key, body: what, conditions });
    if (written !== undefined) throw broken(`${what} is refused`, 'it was done');
  };

  try {
    const created = await race('create', { ifNoneMatch: '*' });
    await expectRefusal('creating an object that exists (If-None-Match: *)', { ifNoneMatch: '*' });
    const swapped = await race('replace', { ifMatch: created.etag });
    await expectRefusal('replacing a version that is gone (If-Match)', { ifMatch: created.etag });
    await store.put(key, 'last', { ifMatch: swapped.etag });
    await expectBody('last', 'a write is seen by the next read');
    await store.put(`${folder}/second`, '');
    const listed: string[] = [];
    for await (const object of store.list(`${folder}/`)) listed.push(object.key);
    if (listed.sort().join() !== [key, `${folder}/second`].join()) {
      throw broken('what was written is listed at once', listed.join(', ') || 'nothing');
    }
  } finally {
    await Promise.all([key, `${folder}/second`].map((name) => store.delete(name)));
  }
}

/** `undefined` when the condition did not hold. */
async function tryPut(
  store: ProbedStore,
  { key, body, conditions }: { key: string; body: string; conditions: WriteConditions },
): Promise<ObjectInfo | undefined> {
  try {
    return await store.put(key, body, conditions);
  } catch (error) {
    if (error instanceof PreconditionFailedError) return undefined;
    throw error;
  }
}

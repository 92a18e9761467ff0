/**
 * Entry of a loader thread: everything between the store and the train step, away from the thread that
 * TensorFlow blocks. Shards are fetched and verified here too, for in that thread a download would go on only
 * between two steps. It must not import TensorFlow: a process can load it once.
 */
import { workerData } from 'node:worker_threads';
import type { RecordsRef } from '../../contracts/references.ts';
import { createS3ObjectStore } from '../../storage/s3-object-store.ts';
import { openRecords, type RecordSet } from '../record-set.ts';
import { makeBatch } from './make-batch.ts';
import type { ThreadData } from './messages.ts';
import { serveBatches } from './serve-batches.ts';

const { store: settings, cacheFolder } = workerData as ThreadData;
const store = createS3ObjectStore(settings);
/** Kept between epochs: their shards are open and verified. */
let opened: { readonly hash: string; readonly set: RecordSet } | undefined;

async function recordsOf(records: RecordsRef): Promise<RecordSet> {
  if (opened?.hash === records.hash) return opened.set;
  await opened?.set.close();
  opened = undefined;
  const set = await openRecords({ store, records, cacheFolder });
  opened = { hash: records.hash, set };
  return set;
}

serveBatches({
  make: async (source, recipe) =>
    makeBatch(recipe, { ...source, records: await recordsOf(source.records) }),
  [Symbol.asyncDispose]: async () => {
    await opened?.set.close();
    store.close();
  },
});

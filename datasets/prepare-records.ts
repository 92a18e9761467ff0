/**
 * The split's images and masks, once, at training size and packed in shards: what an epoch reads. The shards'
 * keys hold their hash, so that attempts which overlap never write over each other; the manifest comes last.
 */
import { pMapIterable } from 'p-map';
import {
  datasetManifestSchema,
  recordsManifestSchema,
  splitManifestSchema,
  type RecordsManifest,
} from '../contracts/manifests.ts';
import type { DatasetRef, RecordsRef, SplitRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import {
  canonicalJson,
  findDocument,
  readNamedDocument,
  sha256,
  writeOnce,
} from '../storage/documents.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { counter, type StepOptions } from './progress.ts';
import { makeRecord } from './records/make-record.ts';
import type { EncodedRecord } from './records/record.ts';
import { encodeShard } from './records/shard.ts';
import { squareOf, type SquareOptions } from './square-fit.ts';

export interface PrepareRecordsOptions extends StepOptions {
  readonly store: ObjectStore;
  readonly dataset: DatasetRef;
  readonly split: SplitRef;
  readonly config: MaskRcnnConfig;
  /** A shard is closed when it holds so many bytes. */
  readonly shardBytes?: number;
}

/** Raise it when records of the same inputs change. */
const FORMAT_VERSION = 1;
const SHARD_BYTES = 64 * 1024 * 1024;
const PARALLEL_RECORDS = 4;

/**
 * Preparing the same split at the same size again reads the manifest that is there.
 * Throws `UnsupportedResizeModeError`, `UnusableImageError`, and the store's errors.
 */
export async function prepareRecords(options: PrepareRecordsOptions): Promise<RecordsRef> {
  const { store, dataset, split, config } = options;
  const square = squareOf(config);
  const size = square.maxDim;
  const inputs = sha256(canonicalJson([FORMAT_VERSION, dataset.hash, split.hash, square]));
  const folder = `${storeKeys.recordsFolder(dataset.name, size, dataset.hash)}/${inputs.slice(0, 16)}`;
  const manifestKey = `${folder}/manifest.json`;

  const present = await findDocument(store, manifestKey, recordsManifestSchema);
  const { value, hash } =
    present ??
    (await writeOnce(store, {
      key: manifestKey,
      value: {
        kind: 'records' as const,
        dataset,
        size,
        shards: await writeShards(options, { folder, square }),
      },
      schema: recordsManifestSchema,
    }));
  const records = value.shards.reduce((sum, { ids }) => sum + ids.length, 0);
  return { manifestKey, hash, size, records };
}

async function writeShards(
  options: PrepareRecordsOptions,
  { folder, square }: { folder: string; square: SquareOptions },
): Promise<RecordsManifest['shards']> {
  const { store, onProgress, signal, shardBytes = SHARD_BYTES } = options;
  const pairs = await pairsOfSplit(options);
  const finished = counter({ total: pairs.length, unit: 'records', onProgress });
  const made = pMapIterable(
    pairs,
    (pair) => {
      signal?.throwIfAborted();
      return makeRecord({ store, pair, square });
    },
    { concurrency: PARALLEL_RECORDS },
  );

  const shards: RecordsManifest['shards'] = [];
  let pending: EncodedRecord[] = [];
  let bytes = 0;
  const flush = async () => {
    const body = encodeShard(pending);
    const hash = sha256(body);
    const number = String(shards.length).padStart(5, '0');
    const key = `${folder}/shard-${number}-${hash.slice(0, 16)}`;
    await store.put(key, body, { contentType: 'application/octet-stream' });
    const ids = pending.map(({ header }) => header.id);
    shards.push({ key, bytes: body.length, sha256: hash, ids });
    pending = [];
    bytes = 0;
  };
  for await (const record of made) {
    pending.push(record);
    bytes += record.data.length;
    if (bytes >= shardBytes) await flush();
    finished(record.header.id);
  }
  if (pending.length > 0) await flush();
  return shards;
}

/** In the data set's order, whichever side of the split they are on. */
async function pairsOfSplit({ store, dataset, split }: PrepareRecordsOptions) {
  const manifest = await readNamedDocument(
    store,
    { key: dataset.manifestKey, hash: dataset.hash },
    datasetManifestSchema,
  );
  const { training, validation } = await readNamedDocument(store, split, splitManifestSchema);
  const wanted = new Set([...training, ...validation]);
  return manifest.pairs.filter(({ id }) => wanted.has(id));
}

/** Training records by id, read from shards that are fetched to the local disk when first needed. */
import { open, type FileHandle } from 'node:fs/promises';
import { recordsManifestSchema, type RecordsManifest } from '../contracts/manifests.ts';
import type { RecordsRef } from '../contracts/references.ts';
import type { AnnotatedImage } from '../maskrcnn/training/annotated-image.ts';
import { readNamedDocument } from '../storage/documents.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { DamagedShardError, UnknownRecordError } from './errors.ts';
import { decodeRecord, type RecordHeader } from './records/record.ts';
import { cachedShard } from './records/shard-cache.ts';
import { decodeHeader, headerBytes, PREAMBLE_BYTES } from './records/shard.ts';

export interface RecordSet extends AsyncDisposable {
  /** Rising. */
  readonly ids: readonly string[];
  /** Side of the square images, in pixels. */
  readonly size: number;
  /** May be called concurrently. Throws `UnknownRecordError`, `DamagedShardError`, the store's errors. */
  read(id: string): Promise<AnnotatedImage>;
  /** Closes the shards' files; the cache stays. */
  close(): Promise<void>;
}

export interface OpenRecordsOptions {
  readonly store: ObjectStore;
  readonly records: RecordsRef;
  /** Made when it is missing; may be shared by processes. */
  readonly cacheFolder: string;
}

type Shard = RecordsManifest['shards'][number];

interface OpenShard {
  readonly file: FileHandle;
  readonly headers: ReadonlyMap<string, RecordHeader>;
  readonly dataStart: number;
}

export async function openRecords(options: OpenRecordsOptions): Promise<RecordSet> {
  const { store, records } = options;
  const source = { key: records.manifestKey, hash: records.hash };
  const manifest = await readNamedDocument(store, source, recordsManifestSchema);
  const shardOf = new Map(
    manifest.shards.flatMap((shard) => shard.ids.map((id) => [id, shard] as const)),
  );
  const opened = new Map<Shard, Promise<OpenShard>>();

  const openOnce = (shard: Shard): Promise<OpenShard> => {
    const opening = opened.get(shard) ?? openShard(shard, options);
    opened.set(shard, opening);
    // A failed fetch may be tried again by the next read.
    opening.catch(() => opened.delete(shard));
    return opening;
  };

  const close = async () => {
    const shards = await Promise.allSettled(opened.values());
    opened.clear();
    for (const shard of shards) if (shard.status === 'fulfilled') await shard.value.file.close();
  };

  return {
    ids: [...shardOf.keys()].sort(),
    size: manifest.size,
    read: async (id) => {
      const shard = shardOf.get(id);
      if (shard === undefined) throw new UnknownRecordError({ id, manifestKey: source.key });
      const { file, headers, dataStart } = await openOnce(shard);
      const header = headers.get(id);
      if (header === undefined) {
        throw new DamagedShardError({ key: shard.key, reason: `it does not hold "${id}"` });
      }
      const { key } = shard;
      const piece = ({ offset, bytes }: { readonly offset: number; readonly bytes: number }) =>
        readExactly(file, { start: dataStart + offset, bytes, key });
      return decodeRecord(header, piece).catch((error: unknown) => {
        throw asDamage(error, { key, what: `the record of "${id}"` });
      });
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openShard(
  shard: Shard,
  { store, cacheFolder }: OpenRecordsOptions,
): Promise<OpenShard> {
  const { key } = shard;
  const file = await open(await cachedShard({ store, shard, folder: cacheFolder }));
  try {
    const preamble = await readExactly(file, { start: 0, bytes: PREAMBLE_BYTES, key });
    const bytes = headerBytes(preamble);
    if (bytes === undefined) {
      throw new DamagedShardError({ key, reason: 'it was written by another version' });
    }
    const header = await readExactly(file, { start: PREAMBLE_BYTES, bytes, key });
    const headers = new Map(decodeHeader(header).map((record) => [record.id, record]));
    return { file, headers, dataStart: PREAMBLE_BYTES + bytes };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** libvips' and zlib's complaints, as ours. */
function asDamage(error: unknown, { key, what }: { key: string; what: string }): unknown {
  if (error instanceof DamagedShardError) return error;
  const detail = error instanceof Error ? error.message.trim().split('\n')[0] : undefined;
  const reason = `${what} does not decode (${detail ?? 'no reason given'})`;
  return new DamagedShardError({ key, reason, cause: error });
}

async function readExactly(
  file: FileHandle,
  { start, bytes, key }: { start: number; bytes: number; key: string },
): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(bytes);
  const { bytesRead } = await file.read(buffer, 0, bytes, start);
  if (bytesRead === bytes) return buffer;
  throw new DamagedShardError({ key, reason: `it ends at byte ${String(start + bytesRead)}` });
}

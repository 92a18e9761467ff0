/**
 * Shards on a worker's disk, named by their hash: fetched once, shared by all runs and processes of the
 * machine. A file that does not have its hash (a torn write, a bad disk) is fetched again.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StoredFile } from '../../contracts/manifests.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { CacheUnwritableError, DamagedShardError } from '../errors.ts';

/** The path of the shard's verified file. Throws `DamagedShardError`, `CacheUnwritableError`, the store's errors. */
export async function cachedShard({
  store,
  shard,
  folder,
}: {
  readonly store: ObjectStore;
  readonly shard: StoredFile;
  readonly folder: string;
}): Promise<string> {
  const path = join(folder, `${shard.sha256}.shard`);
  if (await isWhole(path, shard)) return path;
  const draft = `${path}.${randomUUID()}.part`;
  try {
    await mkdir(folder, { recursive: true });
    const hash = await download({ store, key: shard.key, path: draft });
    if (hash !== shard.sha256) {
      const reason = `its SHA-256 is ${hash} instead of ${shard.sha256}`;
      throw new DamagedShardError({ key: shard.key, reason });
    }
    // Readers see the old file or the whole new one.
    await rename(draft, path);
    return path;
  } catch (error) {
    await rm(draft, { force: true });
    const { code, syscall } = error as NodeJS.ErrnoException;
    if (code === undefined || syscall === undefined || !DISK_ERRORS.has(code)) throw error;
    throw new CacheUnwritableError({ folder, reason: code, cause: error });
  }
}

const DISK_ERRORS = new Set(['ENOSPC', 'EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EDQUOT', 'EIO']);

async function download({
  store,
  key,
  path,
}: {
  store: ObjectStore;
  key: string;
  path: string;
}): Promise<string> {
  const digest = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      digest.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(await store.getStream(key), hashing, createWriteStream(path, { flush: true }));
  return digest.digest('hex');
}

async function isWhole(path: string, shard: StoredFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== shard.bytes) return false;
  const digest = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    digest.update(chunk as Buffer);
  }
  return digest.digest('hex') === shard.sha256;
}

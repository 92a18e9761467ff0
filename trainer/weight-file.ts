/**
 * A weight file from an address as archives have them: in place where it is a file of this machine, else
 * downloaded once into the cache, where it appears whole or not at all.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { ArchiveHashError } from '../datasets/errors.ts';
import { printable, type ArchiveStream } from '../datasets/sources/archive-stream.ts';
import { openFileSource } from '../datasets/sources/file-source.ts';
import { openHttpSource } from '../datasets/sources/http-source.ts';
import { openS3Source } from '../datasets/sources/s3-source.ts';
import type { ObjectStore } from '../storage/object-store.ts';

export interface WeightFileOptions {
  /** `file:///…`, `https://…`, `http://…` or `s3://bucket/key`. */
  readonly url: string;
  /** In hex; checked on every use. */
  readonly sha256?: string | undefined;
  readonly store: ObjectStore;
  /** Made when it is not there. */
  readonly cacheFolder: string;
  readonly signal: AbortSignal;
  /** Called as bytes arrive; `total` is 0 when the source does not say it. */
  readonly onBytes: (bytes: number, total: number) => void;
}

/**
 * The file's path on this machine. Throws the errors of the sources (datasets/errors.ts), and
 * `ArchiveHashError` when it is another file than `sha256` says.
 */
export async function fetchWeightFile(options: WeightFileOptions): Promise<string> {
  const { url, sha256, store, signal } = options;
  let path: string;
  if (url.startsWith('file:')) {
    await (await openFileSource(url)).cancel();
    path = fileURLToPath(url);
  } else {
    const opened = url.startsWith('s3:')
      ? await openS3Source(url, store)
      : await openHttpSource(url, { signal });
    path = await download(opened, options);
  }
  if (sha256 === undefined) return path;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const actual = hash.digest('hex');
  if (actual === sha256) return path;
  if (!url.startsWith('file:')) await rm(path, { force: true });
  throw new ArchiveHashError({ url: printable(url), expected: sha256, actual });
}

async function download(opened: ArchiveStream, options: WeightFileOptions): Promise<string> {
  const { url, cacheFolder, signal, onBytes } = options;
  const { version, bytes: total = 0 } = opened;
  const identity = JSON.stringify([printable(url), version, total]);
  const name = createHash('sha256').update(identity).digest('hex');
  const path = join(cacheFolder, `${name}.h5`);
  // Without a version nobody can tell whether the file is still the same.
  if (version !== undefined && existsSync(path)) {
    await opened.cancel();
    return path;
  }
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}.partial`;
  async function* counted() {
    let bytes = 0;
    for await (const chunk of opened.chunks()) {
      bytes += chunk.byteLength;
      onBytes(bytes, total);
      yield chunk;
    }
  }
  try {
    await pipeline(counted, createWriteStream(partial), { signal });
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
  return path;
}

/**
 * Files on disk ↔ objects named by their SHA-256 (`StoredFile`), streamed both ways: weights are hundreds
 * of megabytes. A download appears under its name only when its hash is right.
 */
import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { StoredFile } from '../contracts/manifests.ts';
import { HashMismatchError } from './errors.ts';
import type { ObjectStore } from './object-store.ts';

/** Uploads the file at `path` under `key` and names what was sent. */
export async function uploadFile(
  store: ObjectStore,
  key: string,
  path: string,
): Promise<StoredFile> {
  const hashed = hashing(createReadStream(path));
  const { bytes } = await store.putStream(key, hashed.stream);
  return { key, bytes, sha256: hashed.digest() };
}

/**
 * Brings `file` to `path`; a file that is there already with the right contents is kept.
 * Throws `ObjectNotFoundError` and `HashMismatchError`; nothing is then left under `path`'s name.
 */
export async function downloadFile(
  store: ObjectStore,
  file: StoredFile,
  path: string,
): Promise<void> {
  if (await holds(path, file)) return;
  await mkdir(dirname(path), { recursive: true });
  const partial = `${path}.${randomUUID()}.part`;
  try {
    const hashed = hashing(await store.getStream(file.key));
    await pipeline(hashed.stream, createWriteStream(partial));
    const actual = hashed.digest();
    if (actual !== file.sha256) {
      throw new HashMismatchError({ key: file.key, expected: file.sha256, actual });
    }
    await rename(partial, path);
  } finally {
    await rm(partial, { force: true });
  }
}

async function holds(path: string, file: StoredFile): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  if (found?.size !== file.bytes) return false;
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex') === file.sha256;
}

/** The same bytes, with the SHA-256 of all that has flowed. */
function hashing(source: Readable) {
  const hash = createHash('sha256');
  async function* chunks() {
    for await (const chunk of source as AsyncIterable<Uint8Array>) {
      hash.update(chunk);
      yield chunk;
    }
  }
  const stream = Readable.from(chunks(), { objectMode: false });
  return { stream, digest: () => hash.digest('hex') };
}

/** An archive that is looked into where it lies: by ranges, without fetching it as a whole. */
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { ObjectStore } from '../../storage/object-store.ts';
import { ArchiveNotFoundError } from '../errors.ts';
import type { RangedSource } from './archive-stream.ts';
import { openHttpRanges } from './http-ranges.ts';

/**
 * `url` is `file://`, `http(s)://` or `s3://`; `store` is asked for only by the last.
 * Throws `ArchiveNotFoundError`, `ArchiveRefusedError`, `ArchiveUnavailableError`, `NoRangesError`, the store's.
 */
export async function openRanges(
  url: string,
  { store }: { readonly store: () => ObjectStore },
): Promise<RangedSource> {
  if (url.startsWith('file:')) return openFileRanges(url);
  return url.startsWith('s3:') ? openS3Ranges(url, store()) : openHttpRanges(url);
}

async function openFileRanges(url: string): Promise<RangedSource> {
  const file = await open(fileURLToPath(url), 'r').catch((cause: unknown) => {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    throw new ArchiveNotFoundError({ url, reason: code, cause });
  });
  const { size } = await file.stat();
  return {
    bytes: size,
    getRange: async (_key, start, end) => {
      const buffer = new Uint8Array(end - start);
      const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
      return buffer.subarray(0, bytesRead);
    },
    [Symbol.asyncDispose]: () => file.close(),
  };
}

async function openS3Ranges(url: string, store: ObjectStore): Promise<RangedSource> {
  const { host, pathname } = new URL(url);
  const bucket = store.inBucket(host);
  const key = decodeURIComponent(pathname.slice(1));
  const found = await bucket.head(key);
  if (found === undefined) throw new ArchiveNotFoundError({ url, reason: 'no such object' });
  return {
    bytes: found.bytes,
    getRange: (_key, start, end) => bucket.getRange(key, start, end),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

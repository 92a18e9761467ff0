/**
 * An archive in a bucket of the same S3 server (and account) as the store, read in ranges so that a broken
 * connection costs one range.
 */
import { ObjectNotFoundError } from '../../storage/errors.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { ArchiveChangedError, ArchiveNotFoundError } from '../errors.ts';
import type { ArchiveStream } from './archive-stream.ts';

const RANGE_BYTES = 8 * 1024 * 1024;

/** `url` is `s3://bucket/key`. Throws `ArchiveNotFoundError` and the store's errors. */
export async function openS3Source(url: string, store: ObjectStore): Promise<ArchiveStream> {
  const { host, pathname } = new URL(url);
  const bucket = store.inBucket(host);
  const key = decodeURIComponent(pathname.slice(1));
  const found = await bucket.head(key);
  if (found === undefined) throw new ArchiveNotFoundError({ url, reason: 'no such object' });

  async function* chunks(bytes: number, etag: string) {
    let next = bucket.getRange(key, 0, Math.min(RANGE_BYTES, bytes));
    for (let start = 0; start < bytes; start += RANGE_BYTES) {
      const chunk = await next.catch((error: unknown) => {
        if (error instanceof ObjectNotFoundError) {
          throw new ArchiveChangedError({ url, was: etag, is: undefined });
        }
        throw error;
      });
      const following = start + RANGE_BYTES;
      if (following < bytes) {
        next = bucket.getRange(key, following, Math.min(following + RANGE_BYTES, bytes));
        // Its failure is thrown where it is awaited; until then it must not count as unhandled.
        next.catch(() => undefined);
      }
      yield chunk;
    }
    const now = await bucket.head(key);
    if (now?.etag !== etag) throw new ArchiveChangedError({ url, was: etag, is: now?.etag });
  }
  return {
    version: found.etag,
    bytes: found.bytes,
    chunks: () => chunks(found.bytes, found.etag),
    cancel: () => Promise.resolve(),
  };
}

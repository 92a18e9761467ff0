/**
 * The object store as the rest of the project sees it: bytes under keys, conditional writes, ranged reads.
 * The S3 driver (`s3-object-store.ts`) is the one implementation.
 */
import type { Readable } from 'node:stream';

export interface ObjectInfo {
  readonly key: string;
  readonly bytes: number;
  readonly etag: string;
}

/** `ifNoneMatch: '*'` creates only; `ifMatch` replaces only that version (compare-and-swap). */
export interface WriteConditions {
  readonly ifNoneMatch?: '*';
  readonly ifMatch?: string;
}

export interface PutOptions extends WriteConditions {
  readonly contentType?: string;
}

export interface ObjectStore {
  /** Facts about an object, or `undefined` when there is none. Throws `StoreUnreachableError`. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** The whole object. Throws `ObjectNotFoundError`. */
  get(key: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes `start` to `end` (exclusive). Throws `ObjectNotFoundError`. */
  getRange(key: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  getStream(key: string): Promise<Readable>;
  /** Throws `PreconditionFailedError` when a condition does not hold. */
  put(key: string, body: Uint8Array | string, options?: PutOptions): Promise<ObjectInfo>;
  /** Multipart upload; nothing is visible under `key` before it is complete. */
  putStream(key: string, body: Readable, options?: PutOptions): Promise<ObjectInfo>;
  list(prefix: string): AsyncIterable<ObjectInfo>;
  delete(key: string): Promise<void>;
  /** Another bucket of the same server, with the same credentials. */
  inBucket(bucket: string): ObjectStore;
}

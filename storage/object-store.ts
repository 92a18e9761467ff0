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

export interface StreamOptions {
  readonly contentType?: string;
}

export interface PutOptions extends WriteConditions, StreamOptions {}

/** A multipart upload that is neither complete nor aborted. */
export interface UploadInfo {
  readonly key: string;
  readonly uploadId: string;
  readonly startedAt: Date;
}

export interface ObjectStore {
  /** Facts about an object, or `undefined` when there is none. Throws `StoreUnreachableError`. */
  head(key: string): Promise<ObjectInfo | undefined>;
  /** The whole object. Throws `ObjectNotFoundError`. */
  get(key: string): Promise<Uint8Array<ArrayBuffer>>;
  /** Bytes `start` to `end` (exclusive). Throws `ObjectNotFoundError`. */
  getRange(key: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
  getStream(key: string): Promise<Readable>;
  /**
   * Throws `PreconditionFailedError` when a condition does not hold. It never does so for a write that was done
   * and whose answer was lost on the way: then it returns as if the answer had come.
   */
  put(key: string, body: Uint8Array | string, options?: PutOptions): Promise<ObjectInfo>;
  /**
   * Multipart upload; nothing is visible under `key` before it is complete. Ended by somebody else in between
   * (a sweep) it throws `UploadAbortedError`.
   */
  putStream(key: string, body: Readable, options?: StreamOptions): Promise<ObjectInfo>;
  list(prefix: string): AsyncIterable<ObjectInfo>;
  delete(key: string): Promise<void>;
  /** Multipart uploads under way, and those that a killed process left behind. */
  listUploads(prefix: string): AsyncIterable<UploadInfo>;
  /** Frees what was uploaded of it. One that is over already is no error. */
  abortUpload(upload: Pick<UploadInfo, 'key' | 'uploadId'>): Promise<void>;
  /** Another bucket of the same server, with the same credentials. */
  inBucket(bucket: string): ObjectStore;
}

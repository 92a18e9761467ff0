/**
 * The S3 driver of `ObjectStore`: AWS, and servers that speak S3 (versitygw, MinIO, Ceph).
 * Retries are the SDK's own (5 attempts with jittered back-off); whoever calls adds none.
 */
import { randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListMultipartUploadsCommand,
  PutObjectCommand,
  S3Client,
  paginateListObjectsV2,
  type GetObjectCommandOutput,
  type ListMultipartUploadsCommandInput,
  type MultipartUpload,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { ShortObjectError } from './errors.ts';
import type { ObjectStore, PutOptions, UploadInfo } from './object-store.ts';
import { errorName, mayRefuseItsOwnRepetition, translateS3Error } from './s3-errors.ts';
import type { S3Settings } from './s3-settings.ts';

export { s3SettingsFromEnvironment, type S3Settings } from './s3-settings.ts';

// Node 20 is supported on purpose, and the lock file decides which SDK it meets: no warning in every process's log.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';

/** A store that owns its connections: `close()` it, or hold it with `using`. */
export interface S3ObjectStore extends ObjectStore, Disposable {
  readonly bucket: string;
  readonly endpoint: string;
  /** Makes the bucket when it is missing. */
  ensureBucket(): Promise<void>;
  close(): void;
}

/** Parts of a multipart upload in bytes: S3 allows 10,000, so streams of up to 160 GB fit. */
const PART_BYTES = 16 * 1024 * 1024;
const PARALLEL_PARTS = 3;

/** Metadata of an object: the one call that wrote it. */
const WRITE_ID = 'lesionflow-write';

export function createS3ObjectStore(settings: S3Settings): S3ObjectStore {
  const { forcePathStyle = settings.endpoint !== undefined } = settings;
  const endpoint =
    settings.endpoint ?? `AWS S3 (${settings.region ?? 'region of the environment'})`;
  const client = new S3Client({
    forcePathStyle,
    maxAttempts: 5,
    requestHandler: { connectionTimeout: 5_000, socketTimeout: 60_000 },
    ...(settings.endpoint === undefined ? {} : { endpoint: settings.endpoint }),
    ...(settings.region === undefined ? {} : { region: settings.region }),
    ...(settings.credentials === undefined ? {} : { credentials: settings.credentials }),
  });
  return storeOf({ client, endpoint, bucket: settings.bucket });
}

function storeOf(connection: {
  readonly client: S3Client;
  readonly endpoint: string;
  readonly bucket: string;
}): S3ObjectStore {
  const { client, endpoint, bucket } = connection;
  const translated = async <T>(key: string, options: PutOptions, work: () => Promise<T>) => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof SourceFailure) throw error.cause;
      throw translateS3Error(error, { endpoint, bucket, key, conditions: options });
    }
  };
  const open = async (key: string, range?: string) => {
    const output = await client.send(
      new GetObjectCommand({ Bucket: bucket, Key: key, ...(range && { Range: range }) }),
    );
    return bodyOf(output);
  };
  /**
   * The ETag that `write` gives. When an answer is lost on the way the SDK writes again, and the store refuses
   * that: the object exists by now, the upload is complete. So a refusal counts only when the object is
   * not this very write's. Equal bytes would not tell: another writer's may be equal too.
   */
  const etagOf = async (
    key: string,
    write: (ours: Record<string, string>) => Promise<{ readonly ETag?: string | undefined }>,
  ): Promise<string> => {
    const id = randomUUID();
    try {
      return (await write({ [WRITE_ID]: id })).ETag ?? '';
    } catch (error) {
      if (!mayRefuseItsOwnRepetition(error)) throw error;
      const there = await client
        .send(new HeadObjectCommand({ Bucket: bucket, Key: key }))
        .catch((missing: unknown) => {
          if (errorName(missing) === 'NotFound') return undefined;
          throw missing;
        });
      if (there?.Metadata?.[WRITE_ID] !== id) throw error;
      return there.ETag ?? '';
    }
  };

  return {
    bucket,
    endpoint,

    head: (key) =>
      translated(key, {}, async () => {
        try {
          const found = await client.send(new HeadObjectCommand({ Bucket: bucket, Key: key }));
          return { key, bytes: found.ContentLength ?? 0, etag: found.ETag ?? '' };
        } catch (error) {
          if (errorName(error) === 'NotFound') return undefined;
          throw error;
        }
      }),

    get: (key) =>
      translated(key, {}, async () => ownBytes(await (await open(key)).transformToByteArray())),

    getRange: (key, start, end) =>
      translated(key, {}, async () => {
        if (end <= start) return new Uint8Array(0);
        const body = await open(key, `bytes=${String(start)}-${String(end - 1)}`).catch(
          (error: unknown) => {
            if (errorName(error) !== 'InvalidRange') throw error;
            throw new ShortObjectError({ key, start, end, got: 0 });
          },
        );
        const bytes = await body.transformToByteArray();
        if (bytes.length !== end - start) {
          throw new ShortObjectError({ key, start, end, got: bytes.length });
        }
        return ownBytes(bytes);
      }),

    getStream: (key) => translated(key, {}, () => open(key)),

    put: (key, body, options = {}) =>
      translated(key, options, async () => {
        const bytes = typeof body === 'string' ? Buffer.from(body) : body;
        const params = { Bucket: bucket, Key: key, Body: bytes, ...s3Options(options) };
        const etag = await etagOf(key, (ours) =>
          client.send(new PutObjectCommand({ ...params, Metadata: ours })),
        );
        return { key, bytes: bytes.length, etag };
      }),

    putStream: (key, body, options = {}) =>
      translated(key, options, async () => {
        const source = watched(body);
        const params = { Bucket: bucket, Key: key, Body: source.stream, ...s3Options(options) };
        const etag = await etagOf(key, async (ours) => {
          const upload = new Upload({
            client,
            params: { ...params, Metadata: ours },
            partSize: PART_BYTES,
            queueSize: PARALLEL_PARTS,
            leavePartsOnError: false,
          });
          return upload.done().catch((error: unknown) => {
            throw source.failed() ? new SourceFailure('', { cause: source.failure() }) : error;
          });
        });
        return { key, bytes: source.bytes(), etag };
      }),

    async *list(prefix) {
      const pages = paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: prefix });
      try {
        for await (const page of pages) {
          for (const { Key, Size = 0, ETag = '' } of page.Contents ?? []) {
            if (Key !== undefined) yield { key: Key, bytes: Size, etag: ETag };
          }
        }
      } catch (error) {
        throw translateS3Error(error, { endpoint, bucket, key: prefix, conditions: {} });
      }
    },

    delete: (key) =>
      translated(key, {}, async () => {
        await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
      }),

    async *listUploads(prefix) {
      const query: ListMultipartUploadsCommandInput = { Bucket: bucket, Prefix: prefix };
      for (;;) {
        const page = await translated(prefix, {}, () =>
          client.send(new ListMultipartUploadsCommand(query)),
        );
        yield* (page.Uploads ?? []).flatMap(uploadInfo);
        if (page.IsTruncated !== true) return;
        // By key alone: versitygw 1.8 refuses its own upload-id markers. Should a page end between two
        // uploads of one key, the next sweep finds the second.
        query.KeyMarker = page.NextKeyMarker;
      }
    },

    abortUpload: ({ key, uploadId }) =>
      translated(key, {}, async () => {
        try {
          await client.send(
            new AbortMultipartUploadCommand({ Bucket: bucket, Key: key, UploadId: uploadId }),
          );
        } catch (error) {
          if (errorName(error) !== 'NoSuchUpload') throw error;
        }
      }),

    inBucket: (other) => storeOf({ ...connection, bucket: other }),

    ensureBucket: () =>
      translated('', {}, async () => {
        try {
          await client.send(new HeadBucketCommand({ Bucket: bucket }));
        } catch (error) {
          if (errorName(error) !== 'NotFound') throw error;
          await client.send(new CreateBucketCommand({ Bucket: bucket })).catch((raced: unknown) => {
            if (errorName(raced) !== 'BucketAlreadyOwnedByYou') throw raced;
          });
        }
      }),

    close: () => client.destroy(),
    [Symbol.dispose]: () => client.destroy(),
  };
}

/** Makes the store's bucket when it is missing; embedded servers and tests start with none. */
export async function ensureBucket(store: S3ObjectStore): Promise<void> {
  await store.ensureBucket();
}

function s3Options({ ifNoneMatch, ifMatch, contentType }: PutOptions) {
  return {
    ...(ifNoneMatch === undefined ? {} : { IfNoneMatch: ifNoneMatch }),
    ...(ifMatch === undefined ? {} : { IfMatch: ifMatch }),
    ...(contentType === undefined ? {} : { ContentType: contentType }),
  };
}

function uploadInfo({ Key, UploadId, Initiated }: MultipartUpload): UploadInfo[] {
  return Key === undefined || UploadId === undefined
    ? []
    : [{ key: Key, uploadId: UploadId, startedAt: Initiated ?? new Date() }];
}

type Body = Readable & { transformToByteArray(): Promise<Uint8Array> };

/** On Node the SDK's body is a `Readable` with helpers mixed in; its type also covers browsers. */
function bodyOf({ Body: body }: GetObjectCommandOutput): Body {
  if (body === undefined) throw new Error('The store answered without a body.');
  return body as Body;
}

/** Bytes with an `ArrayBuffer` of their own, so that a view of them never shows a neighbour's. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const whole = bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength;
  return whole && bytes.buffer instanceof ArrayBuffer
    ? new Uint8Array(bytes.buffer)
    : new Uint8Array(bytes);
}

/** Carries a source's own error past the translation of the store's errors. */
class SourceFailure extends Error {}

/**
 * Counts what flows and keeps the source's own failure apart, so that a broken source is never taken for
 * an unreachable store.
 */
function watched(body: Readable) {
  let bytes = 0;
  let failed = false;
  let failure: unknown;
  async function* chunks() {
    try {
      for await (const chunk of body as AsyncIterable<Uint8Array>) {
        bytes += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      failed = true;
      failure = error;
      throw error;
    }
  }
  const stream = Readable.from(chunks(), { objectMode: false });
  return { stream, bytes: () => bytes, failed: () => failed, failure: () => failure };
}

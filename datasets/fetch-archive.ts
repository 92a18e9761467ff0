/**
 * Source (file, http(s), s3) → zip in the store. The bytes stream through: the hash is computed and the
 * checks are made on the way, before the multipart upload completes, so that a bad archive never shows.
 * A version of the source that is there already is not fetched again.
 */
import { createHash, randomUUID } from 'node:crypto';
import { Readable } from 'node:stream';
import type { ArchiveSource } from '../contracts/pipeline-input.ts';
import { archiveRefSchema, type ArchiveRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { canonicalJson, findDocument, sha256, writeDocument } from '../storage/documents.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { ArchiveHashError, NotAZipError } from './errors.ts';
import { throttled, type OnProgress, type StepOptions } from './progress.ts';
import { printable, type ArchiveStream } from './sources/archive-stream.ts';
import { openFileSource } from './sources/file-source.ts';
import { openHttpSource } from './sources/http-source.ts';
import { openS3Source } from './sources/s3-source.ts';
import { ZipShape } from './zip/zip-shape.ts';

export interface FetchArchiveOptions extends StepOptions {
  readonly store: ObjectStore;
  readonly dataset: string;
  readonly role: 'images' | 'masks';
  readonly source: ArchiveSource;
}

/**
 * Throws `ArchiveNotFoundError`, `ArchiveRefusedError`, `ArchiveUnavailableError`, `TruncatedDownloadError`,
 * `ArchiveChangedError`, `ArchiveHashError`, `NotAZipError`, and the store's errors.
 */
export async function fetchArchive(options: FetchArchiveOptions): Promise<ArchiveRef> {
  const { store, dataset, role, source } = options;
  const expected = 'sha256' in source ? source.sha256 : undefined;
  if (expected !== undefined) {
    const present = await presentArchive(options, expected);
    if (present) return present;
  }

  const opened = await openSource(options);
  const identity = expected ?? identityOf(source.url, opened);
  if (expected === undefined) {
    const present = await presentArchive(options, identity);
    if (present) {
      await opened.cancel();
      return present;
    }
  }

  const key = storeKeys.archive(dataset, role, identity);
  const checks = { name: printable(source.url), expected, bytes: opened.bytes };
  const passing = new CheckedPassage(opened.chunks(), { ...checks, ...options });
  await store.putStream(key, Readable.from(passing, { objectMode: false }), {
    contentType: 'application/zip',
  });
  const archive: ArchiveRef = { key, bytes: passing.bytes, sha256: passing.sha256 };
  await writeDocument(store, storeKeys.archiveManifest(dataset, role, identity), archive);
  return archive;
}

function openSource({
  source: { url },
  store,
  signal,
}: FetchArchiveOptions): Promise<ArchiveStream> {
  if (url.startsWith('file:')) return openFileSource(url);
  if (url.startsWith('s3:')) return openS3Source(url, store);
  return openHttpSource(url, { signal });
}

/** A hash of what names this version of the source; of nothing lasting when the source cannot tell. */
function identityOf(url: string, { version, bytes }: ArchiveStream): string {
  return sha256(
    version === undefined ? randomUUID() : canonicalJson({ url: printable(url), version, bytes }),
  );
}

async function presentArchive(
  { store, dataset, role }: FetchArchiveOptions,
  identity: string,
): Promise<ArchiveRef | undefined> {
  const manifestKey = storeKeys.archiveManifest(dataset, role, identity);
  const archive = (await findDocument(store, manifestKey, archiveRefSchema))?.value;
  const found = archive && (await store.head(archive.key));
  return found?.bytes === archive?.bytes ? archive : undefined;
}

/** The stream on its way: hashed, measured, and stopped at its end if anything about it is wrong. */
class CheckedPassage implements AsyncIterable<Uint8Array> {
  bytes = 0;
  sha256 = '';
  readonly #chunks: AsyncIterable<Uint8Array>;
  readonly #checks: PassageChecks;

  constructor(chunks: AsyncIterable<Uint8Array>, checks: PassageChecks) {
    this.#chunks = chunks;
    this.#checks = checks;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    const { name, expected, bytes: total = 0, onProgress, signal } = this.#checks;
    const digest = createHash('sha256');
    const shape = new ZipShape();
    const report = throttled(onProgress);
    for await (const chunk of this.#chunks) {
      signal?.throwIfAborted();
      digest.update(chunk);
      shape.add(chunk);
      this.bytes += chunk.byteLength;
      report({ done: this.bytes, total: Math.max(total, this.bytes), unit: 'bytes', note: name });
      yield chunk;
    }
    this.sha256 = digest.digest('hex');
    // A wrong file is told from a wrong hash: with the latter alone one would look for a typing error.
    const flaw = shape.flaw();
    if (flaw !== undefined) throw new NotAZipError({ name, reason: flaw });
    if (expected !== undefined && this.sha256 !== expected) {
      throw new ArchiveHashError({ url: name, expected, actual: this.sha256 });
    }
  }
}

interface PassageChecks {
  readonly name: string;
  readonly expected: string | undefined;
  readonly bytes: number | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly signal?: AbortSignal | undefined;
}

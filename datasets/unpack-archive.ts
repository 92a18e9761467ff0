/**
 * Zip in the store → one object an image, by ranged reads: neither the archive nor its directory is ever
 * downloaded as a whole. Every CRC is checked. The manifest is written last; until then nothing counts.
 */
import pMap from 'p-map';
import yauzl from 'yauzl';
import { rawManifestSchema, type RawManifest } from '../contracts/manifests.ts';
import type { ArchiveRef, RawRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { findDocument, writeOnce } from '../storage/documents.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { NotAZipError } from './errors.ts';
import { counter, type StepOptions } from './progress.ts';
import { asZipError, DEFAULT_LIMITS, listEntries, type ZipLimits } from './zip/list-entries.ts';
import { readEntry } from './zip/read-entry.ts';
import { StoreReader } from './zip/store-reader.ts';

export interface UnpackArchiveOptions extends StepOptions {
  readonly store: ObjectStore;
  readonly dataset: string;
  readonly archive: ArchiveRef;
  readonly limits?: ZipLimits;
}

const PARALLEL_ENTRIES = 8;

/**
 * Keeps the JPEG and PNG files; licences, attributions and what macOS leaves behind are passed over.
 * Unpacking the same archive again does nothing.
 * Throws `NotAZipError`, `UnsafeEntryError`, `UnsupportedEntryError`, `DamagedEntryError`,
 * `ArchiveTooLargeError`, and the store's errors.
 */
export async function unpackArchive(options: UnpackArchiveOptions): Promise<RawRef> {
  const { store, dataset, archive } = options;
  const folder = storeKeys.rawFolder(dataset, archive.sha256);
  const manifestKey = `${folder}/manifest.json`;
  const present = await findDocument(store, manifestKey, rawManifestSchema);
  const { value, hash } =
    present ??
    (await writeOnce(store, {
      key: manifestKey,
      value: {
        kind: 'raw' as const,
        archive,
        entries: await unpackEntries(options, `${folder}/files`),
      },
      schema: rawManifestSchema,
    }));
  return { manifestKey, hash, entries: value.entries.length };
}

async function unpackEntries(
  { store, archive, limits = DEFAULT_LIMITS, onProgress, signal }: UnpackArchiveOptions,
  folder: string,
): Promise<RawManifest['entries']> {
  const { key, bytes: archiveBytes } = archive;
  const found = await store.head(key);
  if (found !== undefined && found.bytes !== archiveBytes) {
    const reason = `it has ${String(found.bytes)} instead of ${String(archiveBytes)} bytes`;
    throw new NotAZipError({ name: key, reason });
  }
  const reader = new StoreReader({ store, key, bytes: archiveBytes });
  const zip = await yauzl
    .fromRandomAccessReaderPromise(reader, archiveBytes, { autoClose: false, decodeStrings: false })
    .catch((error: unknown) => {
      throw asZipError(error, key);
    });
  try {
    const listing = { zip, archive: key, archiveBytes, limits, wanted: isPicture };
    const entries = await listEntries(listing);
    const unpacked = await sizesUnder(store, `${folder}/`);
    const finished = counter({ total: entries.length, unit: 'files', onProgress });
    const written = await pMap(
      entries,
      async ({ path, entry }) => {
        const file = { path, key: `${folder}/${path}`, bytes: entry.uncompressedSize };
        // The key holds the archive's hash, and objects appear whole: what is there is right.
        if (unpacked.get(file.key) !== file.bytes) {
          const contents = await readEntry({ zip, reader, entry, path, archive: key });
          await store.put(file.key, contents, { contentType: contentType(path) });
        }
        finished(path);
        return { ...file, crc32: entry.crc32 };
      },
      { concurrency: PARALLEL_ENTRIES, ...(signal && { signal }) },
    );
    return written.sort((a, b) => (a.path < b.path ? -1 : 1));
  } finally {
    zip.close();
  }
}

async function sizesUnder(store: ObjectStore, prefix: string): Promise<Map<string, number>> {
  const sizes = new Map<string, number>();
  for await (const { key, bytes } of store.list(prefix)) sizes.set(key, bytes);
  return sizes;
}

/** `._x` and `__MACOSX/` hold Finder's own data under the pictures' names. */
export function isPicture(path: string): boolean {
  if (path.startsWith('__MACOSX/') || /(^|\/)\./.test(path)) return false;
  return /\.(jpe?g|png)$/i.test(path);
}

const contentType = (path: string) => (/\.png$/i.test(path) ? 'image/png' : 'image/jpeg');

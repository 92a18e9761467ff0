/**
 * The files that a zip's central directory names, each checked before a byte of it is unpacked: the name stays
 * inside the folder, the contents can be read, the sizes are no bomb.
 */
import { posix } from 'node:path';
import yauzl, { type Entry, type ZipFile } from 'yauzl';
import {
  ArchiveTooLargeError,
  NotAZipError,
  UnsafeEntryError,
  UnsupportedEntryError,
} from '../errors.ts';

export interface ZipLimits {
  readonly entries: number;
  /** Unpacked size of one file. */
  readonly entryBytes: number;
  /** Unpacked size of all files together. */
  readonly totalBytes: number;
}

/** Far above any dermoscopy archive (ISIC 2020: 33,126 images, 23 GB), far below what fills a disk. */
export const DEFAULT_LIMITS: ZipLimits = {
  entries: 500_000,
  entryBytes: 256 * 2 ** 20,
  totalBytes: 256 * 2 ** 30,
};

export interface ListedEntry {
  /** Cleaned of `./` and such. */
  readonly path: string;
  readonly entry: Entry;
}

export interface ListOptions {
  readonly zip: ZipFile;
  /** Names the archive in errors. */
  readonly archive: string;
  readonly archiveBytes: number;
  readonly limits: ZipLimits;
  /** Entries for which this is false are checked and then left out. */
  readonly wanted: (path: string) => boolean;
}

/**
 * By rising offset, so that reading them in order reads the archive once from front to back.
 * Throws `UnsafeEntryError`, `UnsupportedEntryError`, `ArchiveTooLargeError`, `NotAZipError`.
 */
export async function listEntries(options: ListOptions): Promise<ListedEntry[]> {
  const { zip, archive, archiveBytes, limits, wanted } = options;
  atMost(zip.entryCount, limits.entries, 'the number of entries', archive);
  const found: ListedEntry[] = [];
  let total = 0;
  let packed = 0;
  for await (const entry of checkedEntries(zip, archive)) {
    const path = safePath(entry, archive);
    packed += entry.compressedSize;
    if (path.endsWith('/') || !wanted(path)) continue;
    assertReadable(entry, path, archive);
    total += entry.uncompressedSize;
    atMost(entry.uncompressedSize, limits.entryBytes, `the unpacked size of "${path}"`, archive);
    atMost(total, limits.totalBytes, 'the unpacked size', archive);
    found.push({ path, entry });
  }
  // Entries that share bytes would make a small archive unpack to a huge one (Fifield, 2019).
  atMost(packed, archiveBytes, 'the sum of the packed sizes', archive);
  assertDistinct(found, archive);
  return found.sort(
    (a, b) => a.entry.relativeOffsetOfLocalHeader - b.entry.relativeOffsetOfLocalHeader,
  );
}

/** What yauzl finds wrong with the directory itself, as our error; a store's error passes unchanged. */
async function* checkedEntries(zip: ZipFile, archive: string): AsyncGenerator<Entry> {
  try {
    yield* zip.eachEntry();
  } catch (error) {
    throw asZipError(error, archive);
  }
}

/** Plain errors come from yauzl's parsing; typed ones from the store. */
export function asZipError(error: unknown, name: string): unknown {
  if (!(error instanceof Error) || error.constructor !== Error) return error;
  return new NotAZipError({ name, reason: error.message, cause: error });
}

function safePath(entry: Entry, archive: string): string {
  const { generalPurposeBitFlag, fileNameRaw, extraFields } = entry;
  // Strict: a backslash stays one, and is then refused, instead of becoming a slash.
  const name = yauzl.getFileNameLowLevel(generalPurposeBitFlag, fileNameRaw, extraFields, true);
  const problem = yauzl.validateFileName(name);
  const refuse = (reason: string) => new UnsafeEntryError({ archive, entry: name, reason });
  if (problem !== null) throw refuse(problem.replace(`: ${name}`, ''));
  if (Array.from(name).some((c) => c < ' ' || c === '\u007f'))
    throw refuse('control characters in it');
  const path = posix.normalize(name);
  if (path === '.' || path === './') return './';
  if (path.startsWith('..') || path.startsWith('/')) throw refuse('it climbs out of its folder');
  const isLink = entry.versionMadeBy >> 8 === 3 && entry.externalFileAttributes >>> 28 === 0xa;
  if (isLink) throw refuse('it is a symbolic link');
  return path;
}

function assertReadable(entry: Entry, path: string, archive: string): void {
  const refuse = (reason: string) => new UnsupportedEntryError({ archive, entry: path, reason });
  if (entry.isEncrypted()) throw refuse('it is encrypted');
  if (entry.compressionMethod !== 0 && entry.compressionMethod !== 8) {
    throw refuse(`it is packed by method ${String(entry.compressionMethod)}`);
  }
  if (entry.compressionMethod === 0 && entry.compressedSize !== entry.uncompressedSize) {
    throw refuse('it is stored, but its two sizes differ');
  }
}

/** Two entries of one name, or a file where another one has its folder, cannot both be kept. */
function assertDistinct(entries: readonly ListedEntry[], archive: string): void {
  const paths = new Set<string>();
  for (const { path } of entries) {
    if (paths.has(path)) {
      throw new UnsafeEntryError({ archive, entry: path, reason: 'the name occurs twice' });
    }
    paths.add(path);
  }
  for (const path of paths) {
    for (let parent = posix.dirname(path); parent !== '.'; parent = posix.dirname(parent)) {
      if (paths.has(parent)) {
        throw new UnsafeEntryError({ archive, entry: path, reason: `"${parent}" is a file` });
      }
    }
  }
}

function atMost(got: number, limit: number, what: string, archive: string): void {
  if (got > limit) throw new ArchiveTooLargeError({ archive, what, got, limit });
}

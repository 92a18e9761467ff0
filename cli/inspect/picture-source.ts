/**
 * The pictures of a zip (a path, or an https, s3 or file URL, which is read in ranges) or of a folder on this
 * machine, as `pairEntries` and the data set's steps take them.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import type { RawManifest } from '../../contracts/manifests.ts';
import type { RangedSource } from '../../datasets/sources/archive-stream.ts';
import { printable } from '../../datasets/sources/archive-stream.ts';
import { openRanges } from '../../datasets/sources/ranged-source.ts';
import { isPicture } from '../../datasets/unpack-archive.ts';
import { asZipError, DEFAULT_LIMITS, listEntries } from '../../datasets/zip/list-entries.ts';
import { readEntry } from '../../datasets/zip/read-entry.ts';
import { StoreReader } from '../../datasets/zip/store-reader.ts';
import { openStore } from '../connections.ts';
import { UsageError } from '../failures.ts';

export interface PictureSource extends AsyncDisposable {
  readonly entries: RawManifest['entries'];
  /** The bytes of one of `entries`. */
  get(key: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** Neighbouring entries come in one read; larger ones are read by themselves. */
const BLOCK_BYTES = 256 * 1024;

/** `flag` names the option in errors. @throws UsageError, and what is wrong with the address or the zip */
export async function openPictures(place: string, flag: string): Promise<PictureSource> {
  if (/^(https?|s3|file):\/\//.test(place)) return openZip(place);
  const path = resolve(place);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new UsageError(
      `${flag}: there is no file or folder ${path}. Give a zip's path or its https, s3 or file URL, or a ` +
        'folder with images.',
      { path },
    );
  }
  return found.isDirectory() ? openFolder(path) : openZip(pathToFileURL(path).href);
}

async function openFolder(folder: string): Promise<PictureSource> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = names
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => isPicture(path.slice(folder.length + 1)))
    .sort();
  const sizes = await Promise.all(paths.map(async (path) => (await stat(path)).size));
  const entries = await Promise.all(
    paths.map(async (path, index) => {
      const bytes = sizes[index] ?? 0;
      // The check sum tells twins; files of a size of their own have none.
      const isAlone = sizes.indexOf(bytes) === sizes.lastIndexOf(bytes);
      const sum = isAlone ? 0 : crc32(await readFile(path));
      return { path: path.slice(folder.length + 1), key: path, bytes, crc32: sum };
    }),
  );
  return {
    entries,
    get: async (key) => new Uint8Array(await readFile(key)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function openZip(url: string): Promise<PictureSource> {
  const source = await openRanges(url, { store: () => openStore(process.env) });
  try {
    return await listZip(source, url);
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

async function listZip(source: RangedSource, url: string): Promise<PictureSource> {
  const { bytes } = source;
  const archive = printable(url);
  const reader = new StoreReader({ store: source, key: archive, bytes, blockBytes: BLOCK_BYTES });
  const zip = await yauzl
    .fromRandomAccessReaderPromise(reader, bytes, { autoClose: false, decodeStrings: false })
    .catch((error: unknown) => {
      throw asZipError(error, archive);
    });
  const listing = { zip, archive, archiveBytes: bytes, limits: DEFAULT_LIMITS };
  const listed = await listEntries({ ...listing, wanted: isPicture });
  const byPath = new Map(listed.map(({ path: name, entry }) => [name, entry]));
  return {
    entries: listed.map(({ path: name, entry }) => ({
      path: name,
      key: name,
      bytes: entry.uncompressedSize,
      crc32: entry.crc32,
    })),
    get: async (key) => {
      const entry = byPath.get(key);
      if (entry === undefined) throw new UsageError(`${archive} has no entry ${key}.`, { key });
      return new Uint8Array(await readEntry({ zip, reader, entry, path: key, archive }));
    },
    [Symbol.asyncDispose]: async () => {
      zip.close();
      await source[Symbol.asyncDispose]();
    },
  };
}

/** The pictures of a zip or of a folder on this machine, as `pairEntries` and the data set's steps take them. */
import { open, readdir, readFile, stat, type FileHandle } from 'node:fs/promises';
import { basename, join, resolve } from 'node:path';
import { crc32 } from 'node:zlib';
import yauzl from 'yauzl';
import type { RawManifest } from '../../contracts/manifests.ts';
import { isPicture } from '../../datasets/unpack-archive.ts';
import { asZipError, DEFAULT_LIMITS, listEntries } from '../../datasets/zip/list-entries.ts';
import { readEntry } from '../../datasets/zip/read-entry.ts';
import { StoreReader } from '../../datasets/zip/store-reader.ts';
import { UsageError } from '../failures.ts';

export interface PictureSource extends AsyncDisposable {
  readonly entries: RawManifest['entries'];
  /** The bytes of one of `entries`. */
  get(key: string): Promise<Uint8Array<ArrayBuffer>>;
}

/** `flag` names the option in errors. @throws UsageError, and what is wrong with the zip */
export async function openPictures(place: string, flag: string): Promise<PictureSource> {
  const path = resolve(place);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) {
    throw new UsageError(
      `${flag}: there is no file or folder ${path}. Give the path of a zip or of a folder with ` +
        'images; "inspect" reads no URLs.',
      { path },
    );
  }
  return found.isDirectory() ? openFolder(path) : openZip(path, found.size);
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

async function openZip(path: string, bytes: number): Promise<PictureSource> {
  const file = await open(path, 'r');
  const archive = basename(path);
  try {
    const store = { getRange: rangesOf(file) };
    const reader = new StoreReader({ store, key: archive, bytes });
    const zip = await yauzl
      .fromRandomAccessReaderPromise(reader, bytes, { autoClose: false, decodeStrings: false })
      .catch((error: unknown) => {
        throw asZipError(error, path);
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
        if (entry === undefined)
          throw new UsageError(`${path} has no entry ${key}.`, { path, key });
        return new Uint8Array(await readEntry({ zip, reader, entry, path: key, archive }));
      },
      [Symbol.asyncDispose]: async () => {
        zip.close();
        await file.close();
      },
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function rangesOf(file: FileHandle) {
  return async (_key: string, start: number, end: number): Promise<Uint8Array<ArrayBuffer>> => {
    const buffer = new Uint8Array(end - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    return buffer.subarray(0, bytesRead);
  };
}

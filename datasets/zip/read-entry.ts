/** One file out of a zip: found, inflated and checked against its CRC-32, which yauzl leaves to its users. */
import { promisify } from 'node:util';
import { crc32, inflateRaw } from 'node:zlib';
import type { Entry, ZipFile } from 'yauzl';
import { DamagedEntryError } from '../errors.ts';
import { asZipError } from './list-entries.ts';
import type { StoreReader } from './store-reader.ts';

const inflate = promisify(inflateRaw);

/** Throws `DamagedEntryError`, and the store's errors. */
export async function readEntry({
  zip,
  reader,
  entry,
  path,
  archive,
}: {
  readonly zip: ZipFile;
  readonly reader: StoreReader;
  readonly entry: Entry;
  readonly path: string;
  readonly archive: string;
}): Promise<Buffer> {
  const damaged = (reason: string, cause?: unknown) =>
    new DamagedEntryError({ archive, entry: path, reason, cause });
  let packed: Buffer;
  try {
    const { fileDataStart } = await zip.readLocalFileHeaderPromise(entry, { minimal: true });
    packed = await reader.bytes(fileDataStart, fileDataStart + entry.compressedSize);
  } catch (error) {
    const translated = asZipError(error, archive);
    throw translated === error ? error : damaged((error as Error).message, error);
  }

  const size = entry.uncompressedSize;
  let bytes = packed;
  if (entry.compressionMethod === 8) {
    try {
      // One byte more than named may come out, and never more: a lie about the size is no bomb.
      bytes = await inflate(packed, { maxOutputLength: size + 1, chunkSize: chunkFor(size) });
    } catch (error) {
      throw damaged(`it does not inflate (${(error as Error).message})`, error);
    }
  }
  if (bytes.length !== size) {
    throw damaged(
      `it has ${bytes.length > size ? 'more than' : 'less than'} the ${size} bytes named`,
    );
  }
  const actual = crc32(bytes);
  if (actual !== entry.crc32) {
    throw damaged(`its CRC-32 is ${hexadecimal(actual)} instead of ${hexadecimal(entry.crc32)}`);
  }
  return bytes;
}

/** Inflating into pieces of about the right size saves copies. */
const chunkFor = (size: number) => Math.min(Math.max(size + 1, 1024), 1024 * 1024);

const hexadecimal = (value: number) => value.toString(16).padStart(8, '0');

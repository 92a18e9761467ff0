/** An archive in a file that this worker can read. */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { ArchiveChangedError, ArchiveNotFoundError, ArchiveRefusedError } from '../errors.ts';
import type { ArchiveStream } from './archive-stream.ts';

/** `url` is `file:///…`. Throws `ArchiveNotFoundError`, `ArchiveRefusedError`. */
export async function openFileSource(url: string): Promise<ArchiveStream> {
  const path = pathOf(url);
  const { version, bytes } = await facts(url, path);
  async function* chunks() {
    yield* createReadStream(path, { highWaterMark: 1024 * 1024 }) as AsyncIterable<Uint8Array>;
    const now = await facts(url, path);
    if (now.version !== version)
      throw new ArchiveChangedError({ url, was: version, is: now.version });
  }
  return { version, bytes, chunks, cancel: () => Promise.resolve() };
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    const reason = 'not an absolute file address; write file:///folder/archive.zip';
    throw new ArchiveNotFoundError({ url, reason, cause });
  }
}

async function facts(url: string, path: string): Promise<{ version: string; bytes: number }> {
  const found = await stat(path).catch((cause: unknown) => {
    const { code = 'unreadable' } = cause as NodeJS.ErrnoException;
    if (code === 'EACCES') throw new ArchiveRefusedError({ url, reason: code, cause });
    const reason = `${code}; the data worker reads files of its own machine`;
    throw new ArchiveNotFoundError({ url, reason, cause });
  });
  if (!found.isFile()) throw new ArchiveNotFoundError({ url, reason: 'not a file' });
  return { version: `${String(found.mtimeMs)}-${String(found.ino)}`, bytes: found.size };
}

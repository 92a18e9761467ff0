/** Flips a byte of an object where the S3 server keeps it. */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { storeKeys } from '../../contracts/store-keys.ts';

/** Its weights are damaged, in the middle; gives back what mends them. Nothing happens where there is none. */
export function damageNewestCheckpoint(objectFolder: string, runId: string): () => void {
  const folder = join(objectFolder, storeKeys.checkpointsFolder(runId));
  if (!existsSync(folder)) return () => undefined;
  const newest = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/manifest.json'))
    .map((path) => join(folder, path))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs)[0];
  if (newest === undefined) return () => undefined;
  const weights = join(newest, '..', 'weights.h5');
  flipMiddleByte(weights);
  return () => {
    // It may have been pruned since.
    if (existsSync(weights)) flipMiddleByte(weights);
  };
}

/** In place: the file's attributes, which hold the server's own facts, stay. Twice is as if never. */
function flipMiddleByte(path: string): void {
  const file = openSync(path, 'r+');
  try {
    const middle = Math.floor(statSync(path).size / 2);
    const byte = Buffer.alloc(1);
    readSync(file, byte, 0, 1, middle);
    writeSync(file, Buffer.of((byte[0] ?? 0) ^ 0xff), 0, 1, middle);
  } finally {
    closeSync(file);
  }
}

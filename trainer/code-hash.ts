/**
 * Names the code that made a model: the SHA-256 of the source files of every room that can change what a
 * model becomes. Unlike a git commit it is there in an image without `.git`, and an uncommitted change
 * changes it.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Workflows are among them, since early stopping chooses the epoch; activities only pass on, and report draws what
 * has been decided.
 */
const ROOMS = [
  'augmentation',
  'contracts',
  'datasets',
  'evaluation',
  'graph',
  'maskrcnn',
  'storage',
  'trainer',
  'workflows',
];
const ROOT = fileURLToPath(new URL('..', import.meta.url));

export interface CodeHashOptions {
  /** Where the rooms are. @default this checkout, or this build */
  readonly root?: string;
  /** @default every room that can change what a model becomes */
  readonly rooms?: readonly string[];
}

export async function codeHash({
  root = ROOT,
  rooms = ROOMS,
}: CodeHashOptions = {}): Promise<string> {
  const hash = createHash('sha256');
  for (const room of rooms) {
    const entries = await readdir(join(root, room), { recursive: true, withFileTypes: true });
    const paths = entries
      .filter((entry) => entry.isFile() && /\.(ts|js)$/.test(entry.name))
      .map((entry) => join(entry.parentPath, entry.name))
      .sort();
    for (const path of paths) {
      const contents = await readFile(path);
      hash.update(`${relative(root, path)}\0${String(contents.length)}\0`).update(contents);
    }
  }
  return hash.digest('hex');
}

/**
 * A step is done when its stamp holds the hash of all that it depends on and its outputs are there. The
 * stamp is written last, so an interrupted step is never taken for done.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { stateFolder } from '../paths.mjs';

/** @typedef {{ isFresh(): boolean, write(): void }} Stamp */

/**
 * @param {string} name
 * @param {{ files?: readonly string[], facts?: readonly string[], outputs: readonly string[], folder?: string }} on
 *   the files and facts that the step depends on, and the paths that it makes
 * @returns {Stamp}
 */
export function stamp(name, { files = [], facts = [], outputs, folder = stateFolder }) {
  const path = join(folder, 'stamps', name);
  const key = () => {
    const hash = createHash('sha256').update(JSON.stringify(facts));
    for (const file of files) hash.update('\0').update(readFileSync(file));
    return hash.digest('hex');
  };
  return {
    isFresh: () =>
      outputs.every((output) => existsSync(output)) &&
      existsSync(path) &&
      readFileSync(path, 'utf8') === key(),
    write: () => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(`${path}.part`, key());
      renameSync(`${path}.part`, path);
    },
  };
}

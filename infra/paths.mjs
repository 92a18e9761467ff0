/**
 * Where things are, for the bootstrap (plain JavaScript, before any package is there) and for TypeScript
 * alike. All that is installed or kept at run time lies under `.lesionflow/`, which git ignores.
 */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The checkout's top folder, from source and from `dist/` alike: the first above with a package.json. */
export const projectRoot = findRoot(dirname(fileURLToPath(import.meta.url)));

export const stateFolder = join(projectRoot, '.lesionflow');

/**
 * Where the bootstrap puts an executable (or a link to the user's own).
 * @param {'temporal' | 'versitygw'} name
 */
export const toolPath = (name) => join(stateFolder, 'tools', name);

/**
 * @param {string} folder
 * @returns {string}
 */
function findRoot(folder) {
  if (existsSync(join(folder, 'package.json'))) return folder;
  const parent = dirname(folder);
  if (parent === folder) throw new Error(`No package.json above ${import.meta.url}.`);
  return findRoot(parent);
}

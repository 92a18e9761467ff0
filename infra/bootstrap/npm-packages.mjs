/**
 * The locked npm packages. npm itself writes `node_modules/.package-lock.json` as its last act, so comparing
 * that with the lock file tells exactly whether the installation is complete and current, also after an
 * `npm install` by hand.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../paths.mjs';
import { runCommand } from './command.mjs';
import { SetupError } from './errors.mjs';
import { findNpm, mend } from './prerequisites.mjs';

/** @typedef {Record<string, { version?: string, optional?: boolean }>} Packages */

/** @type {import('./steps.mjs').Step} */
export const npmPackages = {
  name: 'npm packages',
  reason: 'installing what package-lock.json names, about 1 minute',
  isFresh: () => isInstalled(projectRoot),
  missing: async () => ((await findNpm()) ? [] : [mend.npm]),
  run: async ({ signal }) => {
    const npm = await findNpm();
    if (!npm) throw new SetupError(mend.npm);
    // Development packages too, whatever NODE_ENV says: the tests are part of what was cloned.
    const args = [...npm.args, 'ci', '--include=dev', '--loglevel=error'];
    await runCommand({ command: npm.command, args, cwd: projectRoot, signal });
  },
};

/** @param {string} root */
export function isInstalled(root) {
  const installed = packagesOf(join(root, 'node_modules/.package-lock.json'));
  const locked = packagesOf(join(root, 'package-lock.json'));
  if (!installed || !locked) return false;
  return Object.entries(locked).every(([path, { version, optional }]) => {
    const found = installed[path];
    return path === '' || (found ? found.version === version : optional === true);
  });
}

/**
 * @param {string} path
 * @returns {Packages | undefined}
 */
function packagesOf(path) {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')).packages : undefined;
}

/** A module hook: what lies in node_modules and is an ES module is loaded as it is. */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** @type {import('node:module').LoadHook} */
export async function load(url, context, nextLoad) {
  if (context.format !== 'module' || !/^file:.*\/node_modules\/.*\.m?js(\?|$)/.test(url)) {
    return nextLoad(url, context);
  }
  const source = await readFile(fileURLToPath(url), 'utf8');
  return { format: 'module', source, shortCircuit: true };
}

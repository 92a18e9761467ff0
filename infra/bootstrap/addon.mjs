/**
 * Compiles tfjs-node's addon with one compiler call a file: no node-gyp, no Node headers (N-API's come from
 * npm). It is linked against empty libraries that bear the real ones' names, because a linker would read
 * 850 MB of the real ones for nothing; the loader finds the real ones through the addon's RPATH.
 */
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { projectRoot, stateFolder } from '../paths.mjs';
import { runCommand } from './command.mjs';

/** Stands in for the package's own: read first, it takes its include guard. */
export const safeReferences = join(projectRoot, 'infra/native/napi_auto_ref.h');

/**
 * @param {{ compiler: { command: string, args: readonly string[], env?: NodeJS.ProcessEnv },
 *   tfjsPackage: string, libraries: readonly string[], target: string, signal: AbortSignal }} options
 */
export async function compileAddon({ compiler, tfjsPackage, libraries, target, signal }) {
  const work = join(stateFolder, 'cache/addon');
  mkdirSync(work, { recursive: true });
  mkdirSync(dirname(target), { recursive: true });
  const compile = (/** @type {string[]} */ args) =>
    runCommand({ ...compiler, args: [...compiler.args, ...args], signal });

  const include = [
    join(projectRoot, 'node_modules/node-api-headers/include'),
    join(tfjsPackage, 'deps/include'),
    tfjsPackage,
  ].flatMap((folder) => ['-I', folder]);
  const flags = ['-std=c++17', '-O2', '-fPIC', '-DNAPI_VERSION=8'];
  const sources = ['tfjs_backend', 'tfjs_binding'];
  const object = (/** @type {string} */ source) => join(work, `${source}.o`);

  await Promise.all([
    ...sources.map((source) =>
      compile([
        ...[...flags, ...include, '-include', safeReferences],
        ...['-c', join(tfjsPackage, 'binding', `${source}.cc`), '-o', object(source)],
      ]),
    ),
    ...libraries.map((name) =>
      compile([
        ...['-shared', '-nostdlib', '-x', 'c', '/dev/null'],
        ...[`-Wl,-soname,${name}`, '-o', join(work, name)],
      ]),
    ),
  ]);
  await compile([
    ...['-shared', '-s', '-o', target, ...sources.map(object), `-L${work}`],
    ...['-Wl,--no-as-needed', ...libraries.map((name) => `-l:${name}`)],
    '-Wl,-rpath,$ORIGIN/../../deps/lib',
  ]);
}

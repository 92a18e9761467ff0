/**
 * A folder of traced functions, one file a program, so that a process that compiles what another one
 * compiled before need not trace it. Any number of processes may share the folder: a file appears whole
 * or not at all, what cannot be read is traced again and replaced, and no trouble with the folder stops a
 * function from being compiled.
 */
import { createHash, randomUUID } from 'node:crypto';
import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { decodeGraphs, encodeGraphs, GRAPH_FILE_FORMAT, type NamedGraphs } from './graph-file.ts';

export interface GraphCache {
  /** Made when it is not there, for graphs alone. Whoever may write to it decides what is computed. */
  readonly folder: string;
  /**
   * Names everything that decides what the functions do, but for what is looked at here (`Program`): the
   * code, the values that they close over, and which variable stands where in the list.
   */
  readonly key: string;
}

/** What is to be compiled, as far as it can be seen from outside. Plain data. */
export interface ProgramSignature {
  readonly [name: string]: unknown;
}

/** Files kept in a folder (a train step of ResNet-50 is 6 MB); beyond, the one used longest ago goes. */
export const MOST_CACHED_GRAPHS = 32;

const SUFFIX = '.graphs';
const PARTIAL = '.partial';
/** Milliseconds after which a file that nobody finished is of a process that is gone. */
const ABANDONED = 3_600_000;

/**
 * The graphs of the cache, or those of `trace`, which are then in the cache.
 *
 * @param variables the names of all variables of the graphs, in the caller's order
 */
export function cachedGraphs(
  { folder, key }: GraphCache,
  signature: ProgramSignature,
  { variables, trace }: { variables: readonly string[]; trace: () => NamedGraphs },
): NamedGraphs {
  const identity = JSON.stringify([GRAPH_FILE_FORMAT, key, signature]);
  const name = createHash('sha256').update(identity).digest('hex');
  const path = join(folder, `${name}${SUFFIX}`);
  const cached = withoutTrouble(folder, () => read(path, variables));
  if (cached !== undefined) return cached;
  const graphs = trace();
  withoutTrouble(folder, () => {
    mkdirSync(folder, { recursive: true });
    const partial = `${path}.${randomUUID()}${PARTIAL}`;
    try {
      writeFileSync(partial, encodeGraphs(graphs, variables));
      renameSync(partial, path);
    } finally {
      rmSync(partial, { force: true });
    }
    prune(folder);
  });
  return graphs;
}

function read(path: string, variables: readonly string[]): NamedGraphs | undefined {
  const graphs = decodeGraphs(readFileSync(path), variables);
  // Not every file system keeps the time of the last reading.
  if (graphs !== undefined) utimesSync(path, new Date(), new Date());
  return graphs;
}

function prune(folder: string): void {
  const files = readdirSync(folder).flatMap((name) => {
    // Another process may have pruned it already.
    const stats = statSync(join(folder, name), { throwIfNoEntry: false });
    return stats === undefined ? [] : [{ name, used: stats.mtimeMs }];
  });
  const abandoned = files.filter(
    ({ name, used }) => name.endsWith(PARTIAL) && used < Date.now() - ABANDONED,
  );
  const surplus = files
    .filter(({ name }) => name.endsWith(SUFFIX))
    .sort((left, right) => right.used - left.used)
    .slice(MOST_CACHED_GRAPHS);
  for (const { name } of [...abandoned, ...surplus]) rmSync(join(folder, name), { force: true });
}

/** A cache saves time and nothing else: a full disk or a folder without rights is worth a warning. */
function withoutTrouble<Result>(folder: string, work: () => Result): Result | undefined {
  try {
    return work();
  } catch (error) {
    if (isFileError(error) && error.code === 'ENOENT') return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    process.emitWarning(
      `the graph cache ${folder} is of no use now: ${reason}`,
      'GraphCacheWarning',
    );
    return undefined;
  }
}

function isFileError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error;
}

/** Nothing runs that nobody looks after: each process of the plant descends from the harness, and ends with it. */
import { markedProcesses, type MarkedProcess } from '../processes.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import { violations, type Violation } from './violation.ts';

const PATIENCE_MS = 10_000;
const POLL_MS = 200;

/** Marked processes that do not descend from `root`. A child has ten seconds to notice its parent's end. */
export async function orphans(mark: string, root = process.pid): Promise<Violation[]> {
  return told(await remaining(() => withoutAncestor(markedProcesses(mark), root)), 'has no parent');
}

/** Marked processes of any kind: to be asked when all has been stopped. */
export async function leftovers(mark: string): Promise<Violation[]> {
  return told(await remaining(() => markedProcesses(mark)), 'is left');
}

async function remaining(find: () => MarkedProcess[]): Promise<MarkedProcess[]> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const found = find();
    if (found.length === 0 || Date.now() > deadline) return found;
    await sleep(POLL_MS);
  }
}

function withoutAncestor(all: readonly MarkedProcess[], root: number): MarkedProcess[] {
  const parents = new Map(all.map(({ pid, parent }) => [pid, parent]));
  return all.filter(({ pid }) => {
    let at: number | undefined = pid;
    while (at !== undefined && at !== root) at = parents.get(at);
    return at !== root;
  });
}

const told = (processes: readonly MarkedProcess[], what: string): Violation[] =>
  violations(
    'orphans',
    processes.map(({ pid, command }) => `process ${pid} ${what}: ${command.slice(0, 200)}`),
  );

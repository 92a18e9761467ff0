/** The harness's processes, found by a mark in their environment, as the kernel shows them. */
import { readdirSync, readFileSync } from 'node:fs';

/** Set for all that the harness starts, to a value of its own. */
export const MARK_VARIABLE = 'LESIONFLOW_CHAOS_MARK';

export interface MarkedProcess {
  readonly pid: number;
  readonly parent: number;
  readonly command: string;
}

/** All that carry the mark; a zombie has no environment any more and does not count. */
export function markedProcesses(mark: string): MarkedProcess[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const read = (file: string) => readFileSync(`/proc/${pid}/${file}`, 'utf8');
        if (!read('environ').split('\0').includes(`${MARK_VARIABLE}=${mark}`)) return [];
        return [
          {
            pid: Number(pid),
            parent: parentIn(read('stat')),
            command: read('cmdline').replaceAll('\0', ' ').trim(),
          },
        ];
      } catch {
        // It has ended since its folder was listed.
        return [];
      }
    });
}

/** Whether a process lives (a stopped one does). */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** Sends the signal; a process that is gone already is fine. */
export function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The fourth field, after a name in brackets that may hold anything. */
const parentIn = (stat: string): number =>
  Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);

/**
 * Task folders of trainers that were killed: nobody else would ever free their gigabyte each, and a few kills would
 * fill the disk. A folder is named after its machine and process, so those of a living trainer, or of another
 * container over the same cache, are left alone.
 */
import { readdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';

/** What the folders of this process's tasks begin with. */
export const workspacePrefix = (pid = process.pid): string => `${hostname()}-${String(pid)}-`;

/**
 * To be called before the first task. A folder with this process's own number is then of an earlier one, as in a
 * container that was started again.
 */
export async function removeDeadWorkspaces(parent: string): Promise<void> {
  const names = await readdir(parent).catch(() => []);
  for (const name of names) {
    const pid = Number(/-(\d+)-[^-]*$/.exec(name)?.[1]);
    if (!name.startsWith(workspacePrefix(pid))) continue;
    if (pid === process.pid || !isAlive(pid)) {
      await rm(join(parent, name), { recursive: true, force: true });
    }
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

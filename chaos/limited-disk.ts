/**
 * A small disk of its own for one process: a tmpfs over a folder, in a mount namespace that only the process is
 * in. It needs no root where the kernel lets users unshare; elsewhere the fault "disk full" is left out.
 */
import { execFile } from 'node:child_process';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
}

/** Mounts `$2` with `$1` bytes, then becomes the command: the process id stays. */
const MOUNT_AND_EXEC = 'mount -t tmpfs -o size=$1 tmpfs "$2" && shift 2 && exec "$@"';
const FILLER = 'filler';
const BLOCK = Buffer.alloc(1024 * 1024);

/** The same command, with `bytes` of disk in `folder`, which must be there. */
export function onLimitedDisk(
  { command, args }: Command,
  { folder, bytes }: { readonly folder: string; readonly bytes: number },
): Command {
  return {
    command: 'unshare',
    args: ['-rm', 'sh', '-c', MOUNT_AND_EXEC, 'sh', String(bytes), folder, command, ...args],
  };
}

/** May processes of this user have mounts of their own? Why not, otherwise. */
export async function whyNoLimitedDisk(folder: string): Promise<string | undefined> {
  const { command, args } = onLimitedDisk({ command: 'true', args: [] }, { folder, bytes: 4096 });
  return promisify(execFile)(command, [...args]).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? error.message.trim() : String(error)),
  );
}

/** Fills what is left of `folder` as process `pid` sees it; gives back what frees it again. */
export function fillDisk(pid: number, folder: string): () => void {
  const path = join(`/proc/${pid}/root`, folder, FILLER);
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, BLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
  return () => rmSync(path, { force: true });
}

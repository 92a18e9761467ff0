import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { FolderInUseError, ProcessStartError } from '../../infra/errors.ts';
import { startProcess, type ProcessOptions } from '../../infra/processes.ts';
import { temporaryFolder } from '../support/servers.ts';
import { isAlive, untilGone } from './process-ids.ts';

const PARENT = fileURLToPath(new URL('./parent.ts', import.meta.url));

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

const shell = (script: string, options: Partial<ProcessOptions> = {}) =>
  startProcess({
    name: 'The test process',
    command: 'sh',
    args: ['-c', script],
    logFile: join(folder.path, 'shell.log'),
    ...options,
  });

async function firstLine(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  if (!stdout) throw new Error('no standard output');
  const [line] = (await once(stdout, 'data')) as [Buffer];
  return line.toString();
}

describe('a supervised process', () => {
  test('reports its exit code, and only what this start wrote', async () => {
    await (
      await shell('echo before; exit 0')
    ).exited;
    const child = await shell('echo after; exit 3');
    expect(await child.exited).toEqual({ code: 3, signal: null });
    expect(child.logTail()).toBe('after\n');
  });

  test('reports the signal that killed it', async () => {
    const child = await shell('sleep 1000');
    process.kill(child.pid, 'SIGKILL');
    expect(await child.exited).toEqual({ code: null, signal: 'SIGKILL' });
  });

  test('gets its own environment on top of ours', async () => {
    const child = await shell('echo $COLOUR $HOME', { environment: { COLOUR: 'blue' } });
    await child.exited;
    expect(child.logTail()).toBe(`blue ${process.env['HOME'] ?? ''}\n`);
  });

  test('stop asks first, so that it can end in its own way', async () => {
    const child = await shell(
      'trap "echo bye; exit 7" TERM; echo up; while :; do sleep 0.02; done',
    );
    while (child.logTail() !== 'up\n') await new Promise((resolve) => setTimeout(resolve, 10));
    expect(await child.stop()).toEqual({ code: 7, signal: null });
    expect(child.logTail()).toBe('up\nbye\n');
    expect(await child.stop()).toEqual({ code: 7, signal: null });
  });

  test('what ignores SIGTERM is killed after the grace, with what it started', async () => {
    const child = await shell('trap "" TERM; sleep 1000 & echo $!; while :; do sleep 1; done', {
      graceMs: 200,
    });
    while (child.logTail() === '') await new Promise((resolve) => setTimeout(resolve, 10));
    await child.stop();
    await untilGone([child.pid, Number(child.logTail())]);
  });

  test('a grandchild does not survive the end of the child', async () => {
    const child = await shell('sleep 1000 & echo $!');
    await child.exited;
    await untilGone([Number(child.logTail())]);
  });

  test('nothing survives a kill -9 of the parent', async () => {
    const parent = spawn(process.execPath, ['--import', 'tsx', PARENT, 'tree', folder.path], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const pids = JSON.parse(await firstLine(parent)) as number[];
    expect(pids.every(isAlive)).toBe(true);
    parent.kill('SIGKILL');
    await untilGone(pids);
  });

  test('a command that is not there is an error that names it', async () => {
    const start = shell('', { command: '/no/such/command' });
    await expect(start).rejects.toThrow(ProcessStartError);
    await expect(start).rejects.toThrow('/no/such/command');
  });

  test('a folder has one owner, and is free again after a kill -9 of it', async () => {
    const exclusiveFolder = join(folder.path, 'exclusive');
    const owner = await shell('sleep 1000', { exclusiveFolder });
    await expect(shell('sleep 1000', { exclusiveFolder })).rejects.toThrow(FolderInUseError);
    process.kill(owner.pid, 'SIGKILL');
    await owner.exited;
    const next = await shell('sleep 1000', { exclusiveFolder });
    await next.stop();
  });
});

/** The machine that the times belong to, and how busy it is with other things. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, loadavg, release, totalmem } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { projectRoot } from '../infra/paths.mjs';
import type { Machine } from './results.ts';

const run = promisify(execFile);

/** Vector units that float32 and bfloat16 arithmetic can use. */
const FLAGS = ['avx2', 'avx512f', 'avx512_vnni', 'avx512_bf16', 'amx_bf16', 'asimd', 'bf16'];

export async function describeMachine(): Promise<Machine> {
  const flags = cpuFlags();
  const commit = await git('rev-parse', 'HEAD');
  return {
    cpu: (cpus()[0]?.model ?? 'unknown').trim(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    flags: FLAGS.filter((flag) => flags.has(flag)),
    kernel: release(),
    node: process.version,
    commit: commit ?? null,
    changed: commit !== undefined && (await git('status', '--porcelain')) !== '',
  };
}

/** For a file's name: `amd-epyc`. */
export function slug(name: string): string {
  return name
    .toLowerCase()
    .replaceAll(/\((r|tm)\)|@.*$/g, '')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
}

/** Runnable processes, mean of the last minute. */
export const load = (): number => loadavg()[0] ?? 0;

/** Above this, other work takes part in what is measured. */
export const QUIET_LOAD = 0.5;

/** Waits until the machine is quiet, at most so long; returns a warning where it does not become so. */
export async function untilQuiet({
  patienceMs,
  say,
  readLoad = load,
}: {
  readonly patienceMs: number;
  readonly say: (line: string) => void;
  readonly readLoad?: () => number;
}): Promise<string | undefined> {
  const until = performance.now() + patienceMs;
  if (readLoad() > QUIET_LOAD && patienceMs > 0) {
    say(
      `the load is ${String(readLoad())}: waiting up to ${String(patienceMs / 1000)} s for quiet`,
    );
  }
  while (readLoad() > QUIET_LOAD) {
    const left = until - performance.now();
    if (left <= 0) {
      return `the load was ${readLoad().toFixed(2)} at the start (quiet is ${String(QUIET_LOAD)} or less): other work ran beside`;
    }
    await sleep(Math.min(5_000, left));
  }
  return undefined;
}

function cpuFlags(): ReadonlySet<string> {
  try {
    const text = readFileSync('/proc/cpuinfo', 'utf8');
    return new Set(/^(?:flags|Features)\s*:\s*(.*)$/m.exec(text)?.[1]?.split(' '));
  } catch {
    return new Set();
  }
}

async function git(...args: string[]): Promise<string | undefined> {
  try {
    return (await run('git', args, { cwd: projectRoot })).stdout.trim();
  } catch {
    return undefined;
  }
}

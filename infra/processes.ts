/**
 * Children that never outlive their parent and are stopped with everything they started. Each runs under a
 * guardian (`guardian.mjs`) in a process group of its own; a Ctrl-C in the terminal therefore reaches the
 * parent only, which stops its children in the order it likes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { FolderInUseError, ProcessStartError } from './errors.ts';

export interface ProcessOptions {
  /** Names it in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's own environment. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Standard output and error are appended to it. */
  readonly logFile: string;
  /** A folder that only one process may work in; held for as long as the child lives. */
  readonly exclusiveFolder?: string;
  /** Between SIGTERM to the child and SIGKILL to all it started, in ms; 5,000 by default. */
  readonly graceMs?: number;
}

interface ProcessExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface SupervisedProcess extends AsyncDisposable {
  readonly name: string;
  /** The child's own process id. */
  readonly pid: number;
  readonly logFile: string;
  /** Settles when the child has ended, by whatever cause; never rejects. */
  readonly exited: Promise<ProcessExit>;
  /** What it has written since it was started, at most the last 4,000 characters. */
  logTail(): string;
  /** Ends it and everything it started; returns when nothing is left. Again is fine. */
  stop(): Promise<ProcessExit>;
}

type GuardianMessage =
  | { readonly kind: 'started'; readonly pid: number }
  | { readonly kind: 'locked'; readonly heldBy: number }
  | { readonly kind: 'failed'; readonly message: string }
  | ({ readonly kind: 'exited' } & ProcessExit);

const GUARDIAN = fileURLToPath(new URL('./guardian.mjs', import.meta.url));
const LOG_TAIL = 4_000;

/** Throws `ProcessStartError` or `FolderInUseError`. */
export async function startProcess(options: ProcessOptions): Promise<SupervisedProcess> {
  const { name, command, args, logFile, graceMs = 5_000 } = options;
  mkdirSync(dirname(logFile), { recursive: true });
  const log = openSync(logFile, 'a');
  const logStart = statSync(logFile).size;
  const guardian = spawn(process.execPath, [GUARDIAN], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...process.env, ...options.environment },
  });
  closeSync(log);

  const exited = exitOf(guardian);
  const started = firstWord(guardian);
  guardian.send({
    kind: 'start',
    command,
    args,
    cwd: options.cwd ?? process.cwd(),
    lock: options.exclusiveFolder ?? null,
    graceMs,
  });
  const word = await started;
  if (word.kind === 'locked') {
    throw new FolderInUseError(name, options.exclusiveFolder ?? '', word.heldBy);
  }
  if (word.kind !== 'started') {
    throw new ProcessStartError(name, command, word.kind === 'failed' ? word.message : 'it ended');
  }

  const stop = () => {
    if (guardian.connected) guardian.send({ kind: 'stop' }, () => undefined);
    return exited;
  };
  return {
    name,
    pid: word.pid,
    logFile,
    exited,
    logTail: () => readFileSync(logFile).subarray(logStart).toString().slice(-LOG_TAIL),
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop();
    },
  };
}

const TYPESCRIPT_LOADER = new URL('./typescript-loader.mjs', import.meta.url).href;

/** `node` arguments that run a module of this project, from source (`.ts`) or from `dist` (`.js`). */
export function nodeArguments(modulePath: string): string[] {
  return modulePath.endsWith('.ts') ? ['--import', TYPESCRIPT_LOADER, modulePath] : [modulePath];
}

/** The child's end as the guardian told it; were the guardian killed, its group is killed here. */
function exitOf(guardian: ChildProcess): Promise<ProcessExit> {
  let told: ProcessExit | undefined;
  guardian.on('message', (message: GuardianMessage) => {
    if (message.kind === 'exited') told = { code: message.code, signal: message.signal };
  });
  return new Promise((resolve) => {
    guardian.once('error', () => resolve({ code: null, signal: null }));
    guardian.once('exit', (code, signal) => {
      if (guardian.pid !== undefined) killGroup(guardian.pid);
      resolve(told ?? { code, signal });
    });
  });
}

function firstWord(guardian: ChildProcess): Promise<GuardianMessage> {
  return new Promise((resolve) => {
    guardian.once('message', (message: GuardianMessage) => resolve(message));
    guardian.once('error', (error) => resolve({ kind: 'failed', message: error.message }));
    guardian.once('exit', (code, signal) => resolve({ kind: 'exited', code, signal }));
  });
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

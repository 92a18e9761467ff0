/** One forked trainer process: its start, its messages, its last words, its end. */
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { TrainerSpawnError, TrainerStartError } from './errors.ts';
import { readLogLine, type LogLine } from './log-line.ts';
import type { Request } from './protocol.ts';

export interface TrainerChildOptions {
  readonly entry: string;
  readonly environment: NodeJS.ProcessEnv;
  /** Milliseconds that the process has to become ready (loading TensorFlow takes seconds). */
  readonly startTimeoutMs: number;
  readonly onLog: (line: LogLine) => void;
}

interface Exit {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

const KEPT_LINES = 20;

export class TrainerChild {
  readonly pid: number;
  /** The last lines that the process wrote. */
  readonly output: readonly string[];
  /** Settles when the process is gone. */
  readonly exit: Promise<Exit>;
  readonly #process: ChildProcess;

  private constructor(process: ChildProcess, pid: number, output: readonly string[]) {
    this.#process = process;
    this.pid = pid;
    this.output = output;
    this.exit = new Promise((resolve) =>
      // `close` and not `exit`: by then the last output has been read.
      process.once('close', (exitCode, signal) => resolve({ exitCode, signal })),
    );
  }

  /**
   * Forks the process and waits until it is ready. Throws `TrainerSpawnError` when the operating system
   * refuses, `TrainerStartError` when the process ends (or does nothing) before it is ready.
   */
  static async start(options: TrainerChildOptions): Promise<TrainerChild> {
    const { entry, environment, startTimeoutMs, onLog } = options;
    const child = fork(entry, {
      env: environment,
      execArgv: entry.endsWith('.ts') ? ['--import', typescriptLoader()] : [],
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    const output: string[] = [];
    for (const name of ['stdout', 'stderr'] as const) {
      const input = child[name];
      if (input === null) continue;
      createInterface({ input }).on('line', (text) => {
        const line = readLogLine(text, name);
        if (line === undefined) return;
        // For the message of a failure: what only a builder of TensorFlow cares for would bury the rest.
        if (line.level !== 'debug') output.push(line.message);
        if (output.length > KEPT_LINES) output.shift();
        onLog(line);
      });
    }
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      // Stays on: a signal or message that cannot be delivered is an `error` event too.
      child.on('error', (error) => reject(new TrainerSpawnError(entry, error)));
    });
    const trainer = new TrainerChild(child, child.pid ?? 0, output);
    await trainer.#ready(entry, startTimeoutMs);
    return trainer;
  }

  /** Is the process there and listening? */
  get alive(): boolean {
    const { connected, exitCode, signalCode } = this.#process;
    return connected && exitCode === null && signalCode === null;
  }

  send(request: Request): void {
    // A channel that just broke is reported by `exit`.
    this.#process.send(request, () => undefined);
  }

  /** Calls `listener` with each message until the returned function is called. */
  listen(listener: (message: unknown) => void): () => void {
    this.#process.on('message', listener);
    return () => void this.#process.off('message', listener);
  }

  kill(): void {
    this.#process.kill('SIGKILL');
  }

  /** Asks the process to go, insists after `graceMs`, and returns when it is gone. */
  async stop(graceMs: number): Promise<void> {
    // Asked by a message: after a `disconnect` from this side node never emits `close`.
    if (this.#process.connected) this.send({ type: 'exit' });
    const timer = setTimeout(() => this.kill(), graceMs);
    await this.exit;
    clearTimeout(timer);
  }

  async #ready(entry: string, timeoutMs: number): Promise<void> {
    const ready = new Promise<'ready'>((resolve) =>
      this.#process.once('message', () => resolve('ready')),
    );
    const timer = setTimeout(() => this.kill(), timeoutMs);
    const first = await Promise.race([ready, this.exit]);
    clearTimeout(timer);
    if (first !== 'ready') {
      throw new TrainerStartError(entry, { pid: this.pid, output: this.output, ...first });
    }
  }
}

/** By its path, so that it is found whatever folder the worker was started in. */
function typescriptLoader(): string {
  return new URL('../infra/typescript-loader.mjs', import.meta.url).href;
}

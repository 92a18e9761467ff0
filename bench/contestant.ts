/**
 * A contestant's process, seen from the driver: asked one thing at a time, for one case. If memory runs out
 * the system takes the contestant, never the driver.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ContestantError } from './errors.ts';
import {
  parseReply,
  type Ended,
  type Prepare,
  type Ran,
  type Reply,
  type Request,
} from './protocol.ts';

export interface Command {
  readonly command: string;
  readonly args: readonly string[];
  /** Added to this process's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

const KEPT_LINES = 12;
/** Of one answer, in ms: what takes longer hangs, or swaps. */
const PATIENCE_MS = 600_000;

export class Contestant implements AsyncDisposable {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #replies: AsyncIterator<Reply, undefined>;
  readonly #gone: Promise<string>;
  /** The last lines that it wrote and that are no replies. */
  readonly #output: string[] = [];
  readonly #patienceMs: number;

  constructor({ command, args, environment = {} }: Command, patienceMs = PATIENCE_MS) {
    this.#patienceMs = patienceMs;
    const env = { ...process.env, ...environment };
    const child = spawn(command, args, { env, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#process = child;
    this.#gone = new Promise((resolve) => {
      child.once('error', ({ message }) => resolve(`could not be started: ${message}`));
      child.once('close', (code, signal) =>
        resolve(signal === null ? `exited with code ${String(code)}` : `was ended by ${signal}`),
      );
    });
    // What cannot be written any more is told by `#gone`.
    child.stdin.on('error', () => undefined);
    if (child.pid !== undefined) offerToOutOfMemory(child.pid);
    createInterface({ input: child.stderr }).on('line', (line) => this.#keep(line));
    this.#replies = this.#read();
  }

  /** Loads everything that the case needs. Returns the library that will do the work, with its version. */
  async prepare(request: Omit<Prepare, 'do'>): Promise<string> {
    return (await this.#ask({ do: 'prepare', ...request }, 'ready')).library;
  }

  /** Does the case's work once. */
  run(): Promise<Ran> {
    return this.#ask({ do: 'run' }, 'ran');
  }

  /** Ends it; returns the most memory that it ever held at once. */
  async end(): Promise<Ended> {
    const ended = await this.#ask({ do: 'end' }, 'ended');
    this.#process.stdin.end();
    await this.#gone;
    return ended;
  }

  /** Ends it, whatever it does. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL');
    await this.#gone;
  }

  /** @throws ContestantError for any other reply than `kind`, for none in time, and when it is gone. */
  async #ask<Kind extends Reply['kind']>(
    request: Request,
    kind: Kind,
  ): Promise<Extract<Reply, { readonly kind: Kind }>> {
    this.#process.stdin.write(`${JSON.stringify(request)}\n`);
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), this.#patienceMs);
    const asked = performance.now();
    const { value: reply } = await this.#replies.next();
    clearTimeout(timer);
    if (reply === undefined) throw await this.#silence(performance.now() - asked);
    if (reply.kind === kind) return reply as Extract<Reply, { readonly kind: Kind }>;
    if (reply.kind === 'refused') throw new ContestantError('not supported', reply.reason);
    const reason = reply.kind === 'failed' ? reply.reason : `answered "${reply.kind}" to "${kind}"`;
    throw new ContestantError('did not finish', reason);
  }

  /** Why there is no reply. */
  async #silence(afterMs: number): Promise<ContestantError> {
    const how = await this.#gone;
    const late = afterMs >= this.#patienceMs;
    const why = late ? `gave no answer within ${String(this.#patienceMs / 1000)} s` : how;
    return new ContestantError('did not finish', [why, ...this.#output].join('\n'));
  }

  async *#read(): AsyncGenerator<Reply, undefined> {
    for await (const line of createInterface({ input: this.#process.stdout })) {
      const reply = parseReply(line);
      if (reply === undefined) this.#keep(line);
      else yield reply;
    }
    return undefined;
  }

  #keep(line: string): void {
    this.#output.push(line);
    if (this.#output.length > KEPT_LINES) this.#output.shift();
  }
}

function offerToOutOfMemory(pid: number): void {
  try {
    writeFileSync(`/proc/${String(pid)}/oom_score_adj`, '1000');
  } catch {
    // Not Linux, or gone already: then there is nothing to arrange.
  }
}

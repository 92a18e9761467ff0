/**
 * The server's hold on one process that has one version of a model in memory: its start, one picture at a time,
 * its end. Whoever holds it starts another one when it ends (`model/served-model.ts`).
 */
import { fork, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { readLogLine, type LogLine } from '../../trainer/log-line.ts';
import { tensorflowSettings } from '../../trainer/tensorflow-settings.ts';
import type { Found } from '../api.ts';
import {
  BrokenPictureError,
  InferenceDiedError,
  InferenceStartError,
  InferenceTimeoutError,
} from '../errors.ts';
import { replySchema, type LoadRequest, type PredictRequest, type Reply } from './protocol.ts';

export interface InferenceOptions {
  readonly load: Omit<LoadRequest, 'type'>;
  /** Each line that the process writes. */
  readonly onLog: (line: LogLine) => void;
  /** Milliseconds from the fork to the first picture, with weights read and the graph compiled. @default 300,000 */
  readonly startTimeoutMs?: number;
  /** Ends a process that is still loading. */
  readonly signal: AbortSignal;
}

/** `process.ts` from source, `process.js` from `dist`. */
const FROM_SOURCE = import.meta.url.endsWith('.ts');
const ENTRY = fileURLToPath(new URL(`./process.${FROM_SOURCE ? 'ts' : 'js'}`, import.meta.url));
const LOADER = new URL('../../infra/typescript-loader.mjs', import.meta.url).href;

const EXIT_GRACE_MS = 5_000;

export class InferenceProcess {
  /** Settles when the process is gone, with how it ended in words. */
  readonly ended: Promise<string>;
  readonly #process: ChildProcess;
  /** The answer that is waited for; settled or not, the next picture waits for it. */
  #last: Promise<unknown> = Promise.resolve();
  #id = 0;

  private constructor(process: ChildProcess) {
    this.#process = process;
    this.ended = new Promise((resolve) => {
      process.once('exit', (code, signal) =>
        resolve(signal === null ? `exited with code ${String(code)}` : `was ended by ${signal}`),
      );
      // It could not be started, or a message could not be delivered.
      process.on('error', (error) => resolve(error.message));
    });
  }

  /** Throws `InferenceStartError`; nothing is then left running. */
  static async start(options: InferenceOptions): Promise<InferenceProcess> {
    const { load, onLog, startTimeoutMs = 300_000, signal } = options;
    const child = fork(ENTRY, {
      env: {
        TF_CPP_MIN_LOG_LEVEL: '2',
        ...tensorflowSettings(),
        ...withoutCredentials(process.env),
      },
      execArgv: FROM_SOURCE ? ['--import', LOADER] : [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    for (const name of ['stdout', 'stderr'] as const) {
      const input = child[name];
      if (input === null) continue;
      createInterface({ input }).on('line', (text) => {
        const line = readLogLine(text, name);
        if (line !== undefined) onLog(line);
      });
    }
    const inference = new InferenceProcess(child);
    const giveUp = () => child.kill('SIGKILL');
    const outOfTime = setTimeout(giveUp, startTimeoutMs);
    signal.addEventListener('abort', giveUp);
    if (signal.aborted) giveUp();
    const isFirst = (reply: Reply) => reply.type === 'ready' || reply.type === 'not-loaded';
    const first = inference.#reply(isFirst);
    child.send({ type: 'load', ...load } satisfies LoadRequest, () => undefined);
    const reply = await Promise.race([first, inference.ended]);
    clearTimeout(outOfTime);
    signal.removeEventListener('abort', giveUp);
    if (typeof reply === 'object' && reply.type === 'ready') return inference;
    await inference.stop();
    if (typeof reply === 'string') throw new InferenceStartError(`it ${reply}`);
    throw new InferenceStartError('message' in reply ? reply.message : reply.type);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /**
   * Throws `BrokenPictureError`; `InferenceDiedError` or `InferenceTimeoutError` when the process has ended, or
   * was ended since nothing came for `timeoutMs`.
   */
  async predict(
    request: Omit<PredictRequest, 'type' | 'id'>,
    { timeoutMs }: { readonly timeoutMs: number },
  ): Promise<Found> {
    const id = this.#id++;
    const answered = this.#reply((reply) => 'id' in reply && reply.id === id);
    this.#last = answered;
    const late = new AbortController();
    const outOfTime = setTimeout(() => {
      late.abort();
      this.#process.kill('SIGKILL');
    }, timeoutMs);
    this.#process.send(
      { type: 'predict', id, ...request } satisfies PredictRequest,
      () => undefined,
    );
    const reply = await Promise.race([answered, this.ended]);
    clearTimeout(outOfTime);
    if (typeof reply === 'string') {
      throw late.signal.aborted
        ? new InferenceTimeoutError(timeoutMs)
        : new InferenceDiedError(reply);
    }
    if (reply.type === 'found') return reply.found;
    if (reply.type === 'broken-picture') throw new BrokenPictureError();
    throw new Error(reply.type === 'failed' ? reply.message : `unexpected "${reply.type}"`);
  }

  /** Lets the picture that is in it come to its end, then ends the process and waits until it is gone. */
  async stop(): Promise<void> {
    await Promise.race([this.#last, this.ended]);
    if (this.#process.connected) this.#process.send({ type: 'exit' }, () => undefined);
    const insist = setTimeout(() => this.#process.kill('SIGKILL'), EXIT_GRACE_MS);
    await this.ended;
    clearTimeout(insist);
  }

  /** The next reply that `isMeant`; never, when the process ends before. */
  #reply(isMeant: (reply: Reply) => boolean): Promise<Reply> {
    return new Promise((resolve) => {
      const listen = (message: unknown) => {
        const reply = replySchema.parse(message);
        if (!isMeant(reply)) return;
        this.#process.off('message', listen);
        resolve(reply);
      };
      this.#process.on('message', listen);
    });
  }
}

/** A process that decodes strangers' files has no use for the store's keys. */
function withoutCredentials(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(environment).filter(([name]) => !/^(AWS_|TEMPORAL_)/.test(name)),
  );
}

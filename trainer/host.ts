/**
 * A GPU worker's hold on one trainer process, which owns TensorFlow (ARCHITECTURE.md, "Why a child
 * process owns TensorFlow"). The process is forked for the first task and kept warm after it; each way
 * in which it can end becomes a typed error that says whether the task may run again.
 */
import { fileURLToPath } from 'node:url';
import type { ActivityProgress } from '../contracts/progress.ts';
import { TrainerChild } from './child.ts';
import {
  TrainerBusyError,
  TrainerDiedError,
  TrainerStalledError,
  TrainerTaskError,
} from './errors.ts';
import { diagnose } from './death.ts';
import type { LogLine } from './log-line.ts';
import type { Measure } from './measures.ts';
import { memoryKills } from './memory-kills.ts';
import { SPOILING } from './native-failures.ts';
import { tensorflowSettings } from './tensorflow-settings.ts';
import {
  replySchema,
  resultSchemas,
  type Reply,
  type Task,
  type TaskKind,
  type TaskResults,
} from './protocol.ts';

export interface TrainerHostOptions {
  /** Added to this process's environment, e.g. `CUDA_VISIBLE_DEVICES` of the slot. */
  readonly environment?: NodeJS.ProcessEnv;
  /** The process's entry file; a test may give its own. */
  readonly entry?: string;
  /** Each line that the process writes while no task listens itself; to this process's stderr when left out. */
  readonly onLog?: (line: LogLine) => void;
  /** Milliseconds from the fork to readiness. */
  readonly startTimeoutMs?: number;
  /** Milliseconds that a cancelled task has to stop before the process is killed. */
  readonly cancelGraceMs?: number;
  /**
   * The same of an epoch, which ends its step and saves. Shorter than a worker's time to shut down
   * (workers/worker-options.ts).
   */
  readonly saveGraceMs?: number;
  /** The kernel's count of kills for lack of memory; a test may give its own. */
  readonly memoryKills?: () => number;
}

export interface RunOptions {
  /** Called with what was received, and only then: a heartbeat sent from here proves a living trainer. */
  readonly onProgress?: (progress: ActivityProgress) => void;
  readonly onMeasure?: (measure: Measure) => void;
  /** Each line that the process writes meanwhile. @default the host's own */
  readonly onLog?: (line: LogLine) => void;
  readonly signal?: AbortSignal;
  /**
   * Milliseconds without any message after which the process counts as hung and is killed: the activity's
   * heartbeat timeout, so that the slot is free when the server gives the task to somebody else.
   */
  readonly stallTimeoutMs?: number | undefined;
}

/** `process.ts` from source, `process.js` from `dist`. */
const ENTRY = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './process.ts' : './process.js', import.meta.url),
);

/** Without a word from the activity. */
const DEFAULT_STALL_MS = 600_000;

export class TrainerHost {
  readonly #options: Required<TrainerHostOptions>;
  #child: TrainerChild | undefined;
  #running: TaskKind | undefined;
  #onLog: (line: LogLine) => void;
  #taskId = 0;

  constructor(options: TrainerHostOptions = {}) {
    this.#options = {
      environment: {},
      entry: ENTRY,
      onLog: ({ message }) => void process.stderr.write(`[trainer] ${message}\n`),
      startTimeoutMs: 180_000,
      cancelGraceMs: 10_000,
      saveGraceMs: 20_000,
      memoryKills,
      ...options,
    };
    this.#onLog = this.#options.onLog;
  }

  /** The process's id while there is one. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /**
   * Runs one task in the trainer. Throws `TrainerTaskError` (the task failed), `TrainerDiedError`,
   * `TrainerStalledError`, `TrainerStartError`, `TrainerSpawnError`, `TrainerBusyError`, or the signal's
   * reason when it is aborted; the process is then idle or gone.
   */
  async run<T extends Task>(task: T, options: RunOptions = {}): Promise<TaskResults[T['kind']]> {
    options.signal?.throwIfAborted();
    if (this.#running !== undefined) throw new TrainerBusyError(this.#running, task.kind);
    this.#running = task.kind;
    this.#onLog = options.onLog ?? this.#options.onLog;
    try {
      const child = await this.#warmChild();
      options.signal?.throwIfAborted();
      const result = await this.#exchange(child, task, options);
      return resultSchemas[task.kind].parse(result) as TaskResults[T['kind']];
    } finally {
      this.#running = undefined;
      this.#onLog = this.#options.onLog;
    }
  }

  /** Ends the process and waits until it is gone; a task in it fails with `TrainerDiedError`. */
  async close(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    await child?.stop(this.#options.cancelGraceMs);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #warmChild(): Promise<TrainerChild> {
    if (this.#child?.alive === true) return this.#child;
    const { entry, environment, startTimeoutMs } = this.#options;
    this.#child = await TrainerChild.start({
      entry,
      environment: {
        TF_CPP_MIN_LOG_LEVEL: '2',
        ...tensorflowSettings(),
        ...process.env,
        ...environment,
      },
      startTimeoutMs,
      onLog: (line) => this.#onLog(line),
    });
    return this.#child;
  }

  /** Sends the task and waits for its end, whichever of the possible ends comes first. */
  async #exchange(child: TrainerChild, task: Task, options: RunOptions) {
    const { onProgress, onMeasure, signal, stallTimeoutMs = DEFAULT_STALL_MS } = options;
    const { cancelGraceMs, saveGraceMs } = this.#options;
    const graceMs = task.kind === 'train-epoch' ? saveGraceMs : cancelGraceMs;
    const taskId = this.#taskId++;
    let grace: NodeJS.Timeout | undefined;
    let stopListening: () => void = () => undefined;
    /** Why the process was killed, when it was this side that did it. */
    let killedFor: Error | undefined;
    const killFor = (reason: Error) => {
      killedFor = reason;
      child.kill();
    };

    const stalled = setTimeout(
      () => killFor(new TrainerStalledError(task.kind, stallTimeoutMs)),
      stallTimeoutMs,
    );
    const onAbort = () => {
      child.send({ type: 'cancel', taskId });
      grace = setTimeout(() => child.kill(), graceMs);
    };
    const { memoryKills } = this.#options;
    let kills = memoryKills();
    const answered = new Promise<unknown>((resolve, reject) => {
      const onReply = (reply: Reply) => {
        if (reply.type === 'ready' || reply.taskId !== taskId) return;
        stalled.refresh();
        kills = memoryKills();
        if (reply.type === 'progress' || reply.type === 'measured') {
          if (reply.measure !== undefined) onMeasure?.(reply.measure);
          if (reply.type === 'progress') onProgress?.(reply.progress);
        } else if (reply.type === 'result') resolve(reply.result);
        else reject(new TrainerTaskError(reply.error));
      };
      stopListening = child.listen((message) => {
        try {
          onReply(replySchema.parse(message));
        } catch (error) {
          killFor(error instanceof Error ? error : new Error(String(error)));
        }
      });
    });
    const died = child.exit.then((exit) => {
      if (killedFor !== undefined) throw killedFor;
      const death = { pid: child.pid, output: child.output, ...exit };
      throw new TrainerDiedError(task.kind, death, diagnose(death, memoryKills() - kills));
    });
    died.catch(() => undefined);

    signal?.addEventListener('abort', onAbort, { once: true });
    child.send({ type: 'run', taskId, task });
    try {
      return await Promise.race([answered, died]);
    } catch (error) {
      if (error instanceof TrainerTaskError && SPOILING.has(error.code)) {
        child.kill();
        await child.exit;
      }
      signal?.throwIfAborted();
      throw error;
    } finally {
      stopListening();
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(stalled);
      clearTimeout(grace);
    }
  }
}

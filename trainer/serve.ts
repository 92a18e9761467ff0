/**
 * The trainer's side of the protocol: takes one task at a time, hands it to its runner, and answers with
 * progress and then a result or an error. Cancelling aborts the signal that the runner looks at between
 * steps (TensorFlow's ops are synchronous: a runner yields to the event loop there, see `breathe`).
 */
import { setImmediate } from 'node:timers/promises';
import type { ActivityProgress } from '../contracts/progress.ts';
import { logAbout } from './log.ts';
import type { Measure } from './measures.ts';
import { understood } from './native-failures.ts';
import { exitWithParent } from './parent-watch.ts';
import {
  requestSchema,
  type Reply,
  type RemoteError,
  type TaskKind,
  type TaskOf,
  type TaskResults,
} from './protocol.ts';

export interface TaskContext {
  /** Aborted when the task is cancelled. */
  readonly signal: AbortSignal;
  /** With what was measured beside it, in one message. */
  readonly report: (progress: ActivityProgress, measured?: Measure) => void;
  /** For the worker's metrics, of what is no progress. */
  readonly measure: (measure: Measure) => void;
}

export type TaskRunners = {
  readonly [K in TaskKind]: (task: TaskOf<K>, context: TaskContext) => Promise<TaskResults[K]>;
};

/** Lets messages in, then throws when one of them was a cancellation. */
export async function breathe(signal: AbortSignal): Promise<void> {
  await setImmediate();
  signal.throwIfAborted();
}

/** Serves this process's parent until it goes away. */
export function serveTasks(runners: TaskRunners): void {
  exitWithParent();
  // Ctrl-C reaches the whole foreground group; the parent decides what becomes of the task.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);

  let running: { readonly taskId: number; readonly abort: AbortController } | undefined;

  async function run<K extends TaskKind>(taskId: number, task: TaskOf<K>, signal: AbortSignal) {
    const kind: K = task.kind;
    const report = (progress: ActivityProgress, measure?: Measure) =>
      send({ type: 'progress', taskId, progress, ...(measure ? { measure } : {}) });
    const measure = (measured: Measure) => send({ type: 'measured', taskId, measure: measured });
    const about = { run: task.input.runId, task: kind, attemptName: task.attempt };
    try {
      const result = await logAbout(about, () => runners[kind](task, { signal, report, measure }));
      send({ type: 'result', taskId, result });
    } catch (error) {
      send({ type: 'error', taskId, error: remoteError(understood(error)) });
    } finally {
      running = undefined;
    }
  }

  process.on('message', (message) => {
    const request = requestSchema.parse(message);
    if (request.type === 'exit') process.exit(0);
    if (request.type === 'run') {
      const abort = new AbortController();
      running = { taskId: request.taskId, abort };
      void run(request.taskId, request.task, abort.signal);
    } else if (running?.taskId === request.taskId) {
      running.abort.abort();
    }
  });
  send({ type: 'ready' });
}

function send(reply: Reply): void {
  if (process.connected) process.send?.(reply);
}

/**
 * An error as data. What has `code` and `retryable` (LesionFlowError, and the model library's errors)
 * keeps them; anything else may be a passing trouble, so it may be tried again.
 */
function remoteError(error: unknown): RemoteError {
  if (!(error instanceof Error)) {
    return {
      name: 'Error',
      message: String(error),
      code: 'unexpected',
      retryable: true,
      values: {},
    };
  }
  const { code, retryable, values } = error as Partial<RemoteError>;
  return {
    name: error.name,
    message: error.message,
    code: typeof code === 'string' ? code : 'unexpected',
    retryable: retryable ?? true,
    values: plain(values),
  };
}

/** What JSON can carry of an error's values. */
function plain(values: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  const text = JSON.stringify(values ?? {}, (_, value: unknown) =>
    typeof value === 'bigint' || (typeof value === 'number' && !Number.isFinite(value))
      ? String(value)
      : value,
  );
  return JSON.parse(text) as Record<string, unknown>;
}

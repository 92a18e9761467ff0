/**
 * The trainer's log: JSON lines on stdout, each with the run and the attempt that it is about. The GPU worker reads them
 * (log-line.ts) and passes each on as an event of its own, which is where it gets its time.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { pino } from 'pino';
import type { TaskKind } from './protocol.ts';

/** What every line says that is written while a task is done. */
export interface TaskFacts {
  readonly run: string;
  readonly task: TaskKind;
  /** As in the keys of what the attempt writes to the store. */
  readonly attemptName: string;
}

const facts = new AsyncLocalStorage<TaskFacts>();

export const log = pino(
  {
    level: process.env['LESIONFLOW_LOG_LEVEL'] ?? 'info',
    base: null,
    timestamp: false,
    formatters: { level: (level) => ({ level }) },
    mixin: () => ({ ...facts.getStore() }),
  },
  // The last line before a crash must not stay in a buffer.
  pino.destination({ dest: 1, sync: true }),
);

/** Does `work` while lines of the log are about that task. */
export const logAbout = <T>(task: TaskFacts, work: () => T): T => facts.run(task, work);

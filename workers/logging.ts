/**
 * One stream of JSON lines (pino), one an event: our own, the SDK's, those of its native core, of workflows and of the
 * trainer. A line that is about a run names it (`run`), and where there is one the workflow, activity and attempt.
 */
import type { LogLevel, LogMetadata, Logger } from '@temporalio/worker';
import { pino } from 'pino';
import { LesionFlowError } from '../contracts/errors.ts';

const PINO_LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

/** What the SDK says at each start and end: states, and that each worker here has one kind of work by design. */
const CHATTER =
  /^(Worker state changed|No (workflows|activities|Nexus services) registered, not polling for .*)$/;

/** Of no use to a reader, or said by another field. */
const LEFT_OUT = new Set(['taskToken', 'isLocal', 'namespace']);

/** `runId` is Temporal's in the SDK's words, and the run's in ours. */
const RENAMED: Readonly<Record<string, string>> = {
  error: 'err',
  runId: 'workflowRunId',
  sdkComponent: 'component',
};

/** A Temporal logger that writes JSON lines to stdout from `level` up. */
export function jsonLogger(level: string, worker: string): Logger {
  const lines = pino({
    level,
    base: { worker },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (name) => ({ level: name }) },
    serializers: { err: errorFacts },
  });
  const log = (at: LogLevel, message: string, meta?: LogMetadata) => {
    const said = CHATTER.test(message) ? 'debug' : PINO_LEVELS[at];
    lines[said](plain(meta), message);
  };
  return {
    log,
    trace: (message, meta) => log('TRACE', message, meta),
    debug: (message, meta) => log('DEBUG', message, meta),
    info: (message, meta) => log('INFO', message, meta),
    warn: (message, meta) => log('WARN', message, meta),
    error: (message, meta) => log('ERROR', message, meta),
  };
}

function plain(meta: LogMetadata = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta)
      .filter(([name]) => !LEFT_OUT.has(name))
      .map(([name, value]): [string, unknown] => [RENAMED[name] ?? name, value]),
  );
}

/**
 * What failed, once, and where it began: a failure of Temporal's repeats what it wraps, and the stacks between are the
 * frameworks'.
 */
function errorFacts(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  let origin = error;
  while (origin.cause instanceof Error) origin = origin.cause;
  return {
    type: error.name,
    code: codeOf(error),
    message: error.message,
    ...(error.message.includes(origin.message) ? {} : { cause: origin.message }),
    stack: origin.stack,
  };
}

function codeOf(error: Error): string | undefined {
  if (error instanceof LesionFlowError) return error.code;
  // Of an `ApplicationFailure`, also of one that comes out of a workflow's sandbox.
  return 'type' in error && typeof error.type === 'string' ? error.type : undefined;
}

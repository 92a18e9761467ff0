/** One stream of JSON lines (pino) for our own messages, the SDK's, and those of its native core. */
import {
  Runtime,
  makeTelemetryFilterString,
  type LogLevel,
  type LogMetadata,
  type Logger,
} from '@temporalio/worker';
import { pino } from 'pino';

const PINO_LEVELS = {
  TRACE: 'trace',
  DEBUG: 'debug',
  INFO: 'info',
  WARN: 'warn',
  ERROR: 'error',
} as const satisfies Record<LogLevel, string>;

/** A Temporal logger that writes JSON lines to stdout from `level` up. */
export function jsonLogger(level: string): Logger {
  const lines = pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime });
  const log = (at: LogLevel, message: string, meta?: LogMetadata) => {
    lines[PINO_LEVELS[at]](plain(meta), message);
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

/** Pino prints an error's stack under `err`; a task token is noise. */
function plain(meta: LogMetadata = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(meta)
      .filter(([name]) => name !== 'taskToken')
      .map(([name, value]): [string, unknown] => [name === 'error' ? 'err' : name, value]),
  );
}

/**
 * Sets up the process's one Temporal runtime. `LESIONFLOW_LOG_LEVEL` is trace, debug, info (default), warn
 * or error. On SIGTERM or SIGINT the runtime lets all its workers finish in good order.
 */
export function installRuntime(environment: Readonly<Record<string, string | undefined>>): Logger {
  const logger = jsonLogger(environment['LESIONFLOW_LOG_LEVEL'] ?? 'info');
  Runtime.install({
    logger,
    shutdownSignals: ['SIGINT', 'SIGTERM'],
    telemetryOptions: {
      logging: { forward: {}, filter: makeTelemetryFilterString({ core: 'WARN', other: 'ERROR' }) },
    },
  });
  return logger;
}

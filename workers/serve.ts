/** The life of a worker process: connect, work, stop in good order on a signal or when the parent is gone. */
import type { Logger, Worker } from '@temporalio/worker';
import { temporalSettings } from './connection.ts';
import { jsonLogger } from './logging.ts';
import { installRuntime } from './runtime.ts';
import { startTracing } from './tracing.ts';
import { connectWorker } from './worker-connection.ts';
import type { WorkerPlace } from './worker-options.ts';

export interface Service {
  readonly workers: readonly Worker[];
  /** Frees what the workers' activities hold, after the last of them. */
  readonly close: () => Promise<void> | void;
}

/**
 * Runs `start`'s workers until SIGTERM, SIGINT, or, in a forked child, the end of its parent. Sends
 * `{ type: 'ready' }` to a parent once they poll. Exit code 1 and one logged line when it cannot start.
 * `LESIONFLOW_LOG_LEVEL` is trace, debug, info (default), warn or error.
 */
export async function serve(
  role: 'data' | 'gpu',
  start: (place: WorkerPlace, logger: Logger) => Promise<Service>,
): Promise<void> {
  const logger = jsonLogger(process.env['LESIONFLOW_LOG_LEVEL'] ?? 'info', role);
  try {
    installRuntime(process.env, logger);
    const settings = temporalSettings(process.env);
    const tracing = await startTracing(process.env, { worker: role, logger });
    const connection = await connectWorker(settings);
    try {
      const { namespace } = settings;
      await run(role, await start({ connection, namespace, tracing }, logger), logger);
    } finally {
      await connection.close();
      await tracing?.stop();
    }
    logger.info(`The ${role} worker has stopped`);
  } catch (error) {
    logger.error(
      `The ${role} worker stopped: ${error instanceof Error ? error.message : String(error)}`,
      { error },
    );
    process.exitCode = 1;
  }
}

async function run(role: string, { workers, close }: Service, logger: Logger): Promise<void> {
  const stopAll = () => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  process.once('disconnect', stopAll);
  try {
    const running = Promise.all(
      workers.map((worker) =>
        worker.run().catch((error: unknown) => {
          stopAll();
          throw error;
        }),
      ),
    );
    logger.info(`The ${role} worker is ready`, { pid: process.pid });
    process.send?.({ type: 'ready' });
    await running;
  } finally {
    process.off('disconnect', stopAll);
    await close();
    if (process.connected) process.disconnect();
  }
}

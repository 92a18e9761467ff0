/** Waits until a server that was just started answers, and says why when it does not. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerUnhealthyError } from '../errors.ts';
import type { SupervisedProcess } from '../processes.ts';

export interface HealthOptions {
  readonly server: SupervisedProcess;
  /** Resolves when the server is healthy and rejects while it is not. */
  readonly probe: () => Promise<unknown>;
  readonly timeoutMs?: number;
}

const PAUSE_MS = 50;

/** Stops the server and throws `ServerUnhealthyError` when it ends or stays silent. */
export async function untilHealthy({
  server,
  probe,
  timeoutMs = 60_000,
}: HealthOptions): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  const ended = server.exited.then(() => true);
  for (;;) {
    // A probe may hang on a stranger who holds the port; the server's own end is not to wait for it.
    const failure = await Promise.race([failureOf(probe), ended.then(() => 'it ended')]);
    if (failure === undefined) return;
    const over = await Promise.race([ended, sleep(PAUSE_MS, false)]);
    if (!over && Date.now() < deadline) continue;
    await server.stop();
    const what = over
      ? 'ended while it was starting'
      : `did not become healthy within ${timeoutMs / 1000} s (${failure})`;
    const { name, logFile } = server;
    throw new ServerUnhealthyError({ name, what, log: server.logTail(), logFile });
  }
}

const failureOf = (probe: () => Promise<unknown>): Promise<string | undefined> =>
  probe().then(() => undefined, String);

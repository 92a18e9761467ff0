/** The server over a real store, with what it logged, and waiting for what it does by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { modelStateSchema, type ModelState } from '../../../serve/api.ts';
import { startServer, type RunningServer, type ServerOptions } from '../../../serve/server.ts';

export interface TestServer extends AsyncDisposable {
  readonly url: string;
  readonly running: RunningServer;
  /** Lines of the log. */
  readonly log: readonly string[];
  /** As the API gives it. */
  state(): Promise<ModelState>;
  predict(body: BodyInit, query?: string): Promise<Response>;
}

export async function startTestServer(
  options: Omit<ServerOptions, 'host' | 'port' | 'log' | 'version'>,
): Promise<TestServer> {
  const log: string[] = [];
  const running = await startServer({
    version: 'champion',
    host: '127.0.0.1',
    port: 0,
    log: pino({ level: 'debug' }, { write: (line) => log.push(line) }),
    pollMs: 100,
    ...options,
  });
  const url = `http://127.0.0.1:${String(running.port)}`;
  return {
    url,
    running,
    log,
    state: async () => {
      const response = await fetch(`${url}/api/v1/model`);
      return modelStateSchema.parse(await response.json());
    },
    predict: (body, query = '') =>
      fetch(`${url}/api/v1/predictions${query}`, { method: 'POST', body }),
    [Symbol.asyncDispose]: () => running.close(),
  };
}

/** Waits for as long as the test may take. */
export async function until(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await sleep(25);
}

export const isReady = (server: TestServer, version: number) => async () => {
  const { state, current } = await server.state();
  return state === 'ready' && current?.version === version;
};

/** The worker entries as operators run them: ready, stopped by a signal, orphaned, or unable to start. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startCarelessStore } from '../support/careless-store.ts';
import { withTestStore } from '../support/servers.ts';
import { startTemporal, type TestTemporalServer } from '../workflows/support/environment.ts';

const testStore = withTestStore();

// A process starts in 2 s, and in 20 s on a busy machine.
jest.setTimeout(120_000);

let environment: TestTemporalServer;
const children: ChildProcess[] = [];

beforeAll(async () => {
  environment = await startTemporal();
});
afterAll(async () => {
  await environment.teardown();
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

interface WorkerProcess {
  readonly child: ChildProcess;
  /** The first message to the parent; fails with the output when the process ends without one. */
  readonly ready: () => Promise<unknown>;
  readonly output: () => string;
  readonly exitCode: Promise<number | null>;
}

function start(role: 'data' | 'gpu', variables: Record<string, string>): WorkerProcess {
  const entry = fileURLToPath(new URL(`../../workers/${role}-worker.ts`, import.meta.url));
  const child = fork(entry, {
    execArgv: ['--import', 'tsx'],
    silent: true,
    env: {
      PATH: process.env['PATH'],
      TEMPORAL_ADDRESS: environment.address,
      TEMPORAL_NAMESPACE: environment.namespace,
      ...variables,
    },
  });
  children.push(child);
  let output = '';
  child.stdout?.on('data', (chunk) => (output += String(chunk)));
  child.stderr?.on('data', (chunk) => (output += String(chunk)));
  const exitCode = once(child, 'exit').then(([code]) => code as number | null);
  const ended = exitCode.then((code) => {
    throw new Error(`exit ${String(code)}: ${output}`);
  });
  ended.catch(() => undefined);
  return {
    child,
    ready: () =>
      Promise.race([once(child, 'message').then(([message]) => message as unknown), ended]),
    output: () => output,
    exitCode,
  };
}

describe.each(['data', 'gpu'] as const)('the %s worker', (role) => {
  it('says when it is ready and stops in good order on SIGTERM', async () => {
    const { child, ready, exitCode } = start(role, testStore().environment);
    expect(await ready()).toEqual({ type: 'ready' });
    child.kill('SIGTERM');
    expect(await exitCode).toBe(0);
  });

  it('stops when the process that forked it is gone', async () => {
    const { child, ready, exitCode } = start(role, testStore().environment);
    await ready();
    child.disconnect();
    expect(await exitCode).toBe(0);
  });

  it('says that Temporal cannot be reached, and where it looked', async () => {
    const { exitCode, output } = start(role, {
      ...testStore().environment,
      TEMPORAL_ADDRESS: '127.0.0.1:9',
    });
    expect(await exitCode).toBe(1);
    expect(output()).toMatch(/Temporal at 127\.0\.0\.1:9 cannot be reached.*TEMPORAL_ADDRESS/);
  });

  it('does not start on a store that does not keep its promises, and says which in one line', async () => {
    await using careless = await startCarelessStore({ ignores: ['if-none-match'] });
    const { endpoint } = careless.settings;
    const { exitCode, output } = start(role, {
      ...testStore().environment,
      LESIONFLOW_S3_ENDPOINT: endpoint,
    });
    expect(await exitCode).toBe(1);
    const lines = output()
      .split('\n')
      .filter((line) => line.startsWith('{') && line.includes(endpoint));
    expect(lines).toHaveLength(1);
    expect(lines[0]).toMatch(/is not fit for LesionFlow.*exactly one wins\. Found: 32 won/);
  });

  it('says that the store cannot be reached, and where it looked', async () => {
    const { exitCode, output } = start(role, {
      ...testStore().environment,
      LESIONFLOW_S3_ENDPOINT: 'http://127.0.0.1:9',
    });
    expect(await exitCode).toBe(1);
    expect(output()).toMatch(/object store at http:\/\/127\.0\.0\.1:9 cannot be reached/);
  });

  it('says which setting of the store is missing', async () => {
    const { exitCode, output } = start(role, {});
    expect(await exitCode).toBe(1);
    expect(output()).toContain('LESIONFLOW_S3_BUCKET is not set');
  });
});

it.each([
  ['that is in use', () => new URL(testStore().server.endpoint).host, /cannot be offered/],
  ['that is none', () => 'localhost', /it is no numeric address with a port/],
])('says that the metrics cannot be offered at an address %s', async (_, address, message) => {
  const { exitCode, output } = start('data', {
    ...testStore().environment,
    LESIONFLOW_METRICS_ADDRESS: address(),
  });
  expect(await exitCode).toBe(1);
  expect(output()).toMatch(message);
  expect(output()).toContain('LESIONFLOW_METRICS_ADDRESS');
});

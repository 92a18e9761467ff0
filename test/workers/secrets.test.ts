/**
 * Planted canaries: secrets that a worker holds, or that came in by a way that nobody looks at, are searched for in
 * all that a run leaves behind: its history, its heartbeats, the worker's log, the objects in the store.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pathToFileURL, fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { PipelineRequest } from '../../contracts/pipeline-input.ts';
import { writeSyntheticArchives } from '../../datasets/synthetic-archive.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';
import { startTemporal, type TestTemporalServer } from '../workflows/support/environment.ts';
import { request } from '../workflows/support/fake-activities.ts';
import { eventually, failureOf, startPipeline, statusOf } from '../workflows/support/runs.ts';

jest.setTimeout(240_000);

const testStore = withTestStore();
let environment: TestTemporalServer;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let worker: ChildProcess;
let log = '';

beforeAll(async () => {
  folder = await temporaryFolder();
  environment = await startTemporal();
  const { address, namespace } = environment;
  worker = fork(fileURLToPath(new URL('../../workers/data-worker.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
    silent: true,
    env: {
      PATH: process.env['PATH'],
      TEMPORAL_ADDRESS: address,
      TEMPORAL_NAMESPACE: namespace,
      LESIONFLOW_LOG_LEVEL: 'trace',
      ...testStore().environment,
    },
  });
  worker.stdout?.on('data', (chunk) => (log += String(chunk)));
  worker.stderr?.on('data', (chunk) => (log += String(chunk)));
  await once(worker, 'message');
});
afterAll(async () => {
  worker.kill('SIGKILL');
  await once(worker, 'exit');
  await environment.teardown();
  await folder.remove();
});

type Events = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>;

/** As text: payloads are base64 in a history's JSON. */
const textOf = (events: Events): string =>
  historyToJSON({ events }).replace(/"data": "([A-Za-z0-9+/=]+)"/g, (_, data: string) =>
    Buffer.from(data, 'base64').toString(),
  );

const eventsOf = async (run: WorkflowHandle): Promise<Events> =>
  (await run.fetchHistory()).events ?? [];

async function objectsHold(text: string): Promise<string[]> {
  const { store } = testStore();
  const found: string[] = [];
  for await (const { key } of store.list('')) {
    if (Buffer.from(await store.get(key)).includes(text)) found.push(key);
  }
  return found;
}

const withImages = (images: string): PipelineRequest => ({
  ...request,
  dataset: { ...request.dataset, images },
});

describe('nothing that a run leaves behind holds', () => {
  it("the store's secret key", async () => {
    const paths = await writeSyntheticArchives({
      folder: folder.path,
      count: 8,
      size: 80,
      seed: 1,
    });
    const [images, masks] = [paths.images, paths.masks].map((path) => pathToFileURL(path).href);
    const run = await startPipeline(
      environment,
      {
        ...request,
        dataset: { name: 'canary', images: images ?? '', masks: masks ?? '' },
        model: { imageMinDim: 64, imageMaxDim: 64 },
      },
      'with-data',
    );
    // Training waits for a GPU worker, which there is none of.
    await eventually(async () => {
      const { steps } = await statusOf(run);
      return steps.find(({ step }) => step === 'records')?.state === 'done';
    });
    const secret = testStore().server.credentials.secretAccessKey;
    const history = textOf(await eventsOf(run));
    expect(history).toContain('manifestKey');
    expect(history).not.toContain(secret);
    expect(await objectsHold(secret)).toEqual([]);
    expect(await objectsHold('manifest')).not.toEqual([]);
    expect(log).not.toContain(secret);
    await run.terminate();
  });

  it('the query of an address, beyond the input itself', async () => {
    // A name that nobody could know for a secret's.
    const server = createServer((_, answer) => answer.writeHead(403).end());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const refusing = `http://127.0.0.1:${String(port)}/x.zip?ticket=canary-7`;
    const run = await startPipeline(environment, withImages(refusing), 'refused-archive');
    const failure = await failureOf(run);
    server.close();
    expect(failure).toMatchObject({ type: 'archive-refused' });
    expect(String(failure?.stack) + JSON.stringify(failure)).not.toContain('canary-7');
    const events = await eventsOf(run);
    const isInput = (event: Events[number]) =>
      event.workflowExecutionStartedEventAttributes ?? event.activityTaskScheduledEventAttributes;
    expect(textOf(events.filter(isInput))).toContain('canary-7');
    expect(textOf(events.filter((event) => !isInput(event)))).not.toContain('canary-7');
    expect(JSON.stringify(await statusOf(run))).not.toContain('canary-7');
    expect(log).not.toContain('canary-7');
  });

  it('the query of an address in its heartbeats', async () => {
    const server = createServer((_, answer) => void answer.writeHead(200).write('PK'));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const endless = `http://127.0.0.1:${String(port)}/x.zip?ticket=canary-9`;
    const run = await startPipeline(environment, withImages(endless), 'endless-archive');
    let beats = '';
    await eventually(async () => {
      const { raw } = await run.describe();
      beats = (raw.pendingActivities ?? [])
        .flatMap(({ heartbeatDetails }) => heartbeatDetails?.payloads ?? [])
        .map(({ data }) => Buffer.from(data ?? []).toString())
        .join();
      return beats.includes('127.0.0.1');
    });
    expect(beats).not.toContain('canary-9');
    await run.terminate();
    server.closeAllConnections();
    server.close();
  });

  it('the password of an address, beyond the input that should not have been sent', async () => {
    const run = await startPipeline(
      environment,
      withImages('https://me:canary-8@example.org/x.zip'),
      'with-password',
    );
    const failure = await failureOf(run);
    expect(failure?.message).toMatch(/must hold no secret/);
    const [started, ...others] = await eventsOf(run);
    expect(textOf(started ? [started] : [])).toContain('canary-8');
    expect(textOf(others)).not.toContain('canary-8');
    expect(log).not.toContain('canary-8');
  });
});

/**
 * Real servers for tests: each test file gets its own, on free ports and in a temporary folder that is
 * removed afterwards. The getters may be called from `beforeAll` on.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from '@jest/globals';
import { startObjectServer, type ObjectServer } from '../../infra/servers/object-server.ts';
import { startTemporalServer, type TemporalServer } from '../../infra/servers/temporal-server.ts';
import { createS3ObjectStore, type S3ObjectStore } from '../../storage/s3-object-store.ts';

export interface TestStore {
  readonly store: S3ObjectStore;
  readonly server: ObjectServer;
  /** For children that open the store themselves. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export interface TestTemporal {
  readonly address: string;
  readonly namespace: string;
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

/** A temporary folder; `remove()` takes it away with all that is in it. */
export async function temporaryFolder(): Promise<{ path: string; remove(): Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'lesionflow-test-'));
  return { path, remove: () => rm(path, { recursive: true, force: true }) };
}

/** An S3 server with an empty bucket, and a store that speaks to it. */
async function startTestStore({ bucket = 'test' } = {}): Promise<TestStore> {
  const folder = await temporaryFolder();
  const server = await startObjectServer({ folder: folder.path, bucket });
  const { endpoint, region, credentials, environment } = server;
  const store = createS3ObjectStore({ endpoint, region, bucket, credentials });
  const stop = async () => {
    store.close();
    await server.stop();
    await folder.remove();
  };
  return { store, server, environment, stop };
}

/** A Temporal server without UI; `TestWorkflowEnvironment.createFromExistingServer(it)` works on it. */
export async function startTestTemporal(): Promise<TestTemporal> {
  const folder = await temporaryFolder();
  const server: TemporalServer = await startTemporalServer({ folder: folder.path, headless: true });
  const { address, namespace, environment } = server;
  const stop = async () => {
    await server.stop();
    await folder.remove();
  };
  return { address, namespace, environment, stop };
}

/** Starts a store before the block's tests and stops it after them. */
export function withTestStore(): () => TestStore {
  let running: TestStore | undefined;
  beforeAll(async () => {
    running = await startTestStore();
  });
  afterAll(async () => {
    await running?.stop();
  });
  return () => {
    if (!running) throw new Error('The store runs only from beforeAll to afterAll.');
    return running;
  };
}

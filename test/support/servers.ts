/**
 * A real store for tests: each test file gets its own, on a free port and in a temporary folder that is
 * removed afterwards. The getter may be called from `beforeAll` on.
 */
import { afterAll, beforeAll } from '@jest/globals';
import { startObjectServer, type ObjectServer } from '../../infra/servers/object-server.ts';
import { createS3ObjectStore, type S3ObjectStore } from '../../storage/s3-object-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

export { temporaryFolder } from './temporary-folder.ts';

export interface TestStore {
  readonly store: S3ObjectStore;
  readonly server: ObjectServer;
  /** For children that open the store themselves. */
  readonly environment: Readonly<Record<string, string>>;
  stop(): Promise<void>;
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

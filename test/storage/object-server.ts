/** A real S3 server (versitygw) on a free port with an empty bucket, for tests of the rooms below infra. */
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createS3ObjectStore, type S3ObjectStore } from '../../storage/s3-object-store.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface TestServer {
  readonly store: S3ObjectStore;
  readonly folder: string;
  stop(): Promise<void>;
}

export async function startTestServer(): Promise<TestServer> {
  const folder = await mkdtemp(`${ROOT}.lesionflow/test-store-`);
  const port = await freePort();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test-secret' };
  const server = spawn(
    `${ROOT}.lesionflow/tools/versitygw`,
    ['--port', `127.0.0.1:${String(port)}`, '--quiet', 'posix', folder],
    {
      env: {
        ROOT_ACCESS_KEY: credentials.accessKeyId,
        ROOT_SECRET_KEY: credentials.secretAccessKey,
      },
      stdio: 'ignore',
    },
  );
  const exited = new Promise((resolve) => server.once('exit', resolve));
  const store = createS3ObjectStore({
    endpoint: `http://127.0.0.1:${String(port)}`,
    region: 'us-east-1',
    bucket: 'test',
    credentials,
  });
  await store.ensureBucket();
  return {
    store,
    folder,
    stop: async () => {
      store.close();
      server.kill('SIGKILL');
      await exited;
      await rm(folder, { recursive: true, force: true });
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

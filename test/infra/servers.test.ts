import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Client, Connection } from '@temporalio/client';
import { defineSearchAttributeKey } from '@temporalio/common';
import { FolderInUseError, ServerUnhealthyError } from '../../infra/errors.ts';
import { toolPath } from '../../infra/paths.mjs';
import { freePorts, isPortFree } from '../../infra/ports.ts';
import {
  NO_EXTENDED_ATTRIBUTES,
  startObjectServer,
  type ObjectServer,
} from '../../infra/servers/object-server.ts';
import { startTemporalServer } from '../../infra/servers/temporal-server.ts';
import { createS3ObjectStore } from '../../storage/s3-object-store.ts';
import { temporaryFolder } from '../support/servers.ts';
import { untilGone } from './process-ids.ts';

const DATASET = defineSearchAttributeKey('LesionFlowDataset', 'KEYWORD');

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeAll(async () => {
  folder = await temporaryFolder();
});
afterAll(() => folder.remove());

describe('the Temporal server', () => {
  test('keeps runs over a kill -9, knows the search attributes, shows its UI', async () => {
    const data = { folder: join(folder.path, 'temporal') };
    const first = await startTemporalServer(data);
    expect((await fetch(first.uiUrl ?? '')).ok).toBe(true);
    await withClient(first.address, (client) =>
      client.workflow.start('anything', {
        taskQueue: 'nobody',
        workflowId: 'kept',
        typedSearchAttributes: [{ key: DATASET, value: 'isic' }],
      }),
    );
    process.kill(first.pid, 'SIGKILL');
    await first.exited;

    await using second = await startTemporalServer({ ...data, headless: true });
    expect(second.uiUrl).toBeUndefined();
    const found = await withClient(second.address, (client) =>
      client.workflow.getHandle('kept').describe(),
    );
    expect(found.status.name).toBe('RUNNING');
    expect(found.typedSearchAttributes.get(DATASET)).toBe('isic');
  });

  test('a port that is taken is told with the end of the log', async () => {
    await using objects = await startObjectServer({
      folder: join(folder.path, 'p'),
      bucket: 'lesions',
    });
    const grpc = Number(new URL(objects.endpoint).port);
    const [ui = 0] = await freePorts(1);
    const start = startTemporalServer({ folder: join(folder.path, 't'), ports: { grpc, ui } });
    await expect(start).rejects.toThrow(ServerUnhealthyError);
    await expect(start).rejects.toThrow(String(grpc));
  });
});

describe('the S3 server', () => {
  test('keeps objects over a kill -9, under the same credentials', async () => {
    const data = { folder: join(folder.path, 's3'), bucket: 'lesions' };
    const first = await startObjectServer(data);
    using before = storeOf(first);
    await before.put('a/b', 'kept');
    process.kill(first.pid, 'SIGKILL');
    await first.exited;

    await using second = await startObjectServer(data);
    expect(second.credentials).toEqual(first.credentials);
    using after = storeOf(second);
    expect(Buffer.from(await after.get('a/b')).toString()).toBe('kept');
  });

  test('a second one works beside it, but not in its folder', async () => {
    const data = { folder: join(folder.path, 'one'), bucket: 'lesions' };
    await using first = await startObjectServer(data);
    await expect(startObjectServer(data)).rejects.toThrow(FolderInUseError);
    await using beside = await startObjectServer({ ...data, folder: join(folder.path, 'two') });
    expect(beside.endpoint).not.toBe(first.endpoint);
  });

  test('a bucket name that S3 refuses leaves nothing running', async () => {
    const data = { folder: join(folder.path, 'refused') };
    await expect(startObjectServer({ ...data, bucket: 'b' })).rejects.toThrow('"b"');
    await using next = await startObjectServer({ ...data, bucket: 'lesions' });
    expect(next.bucket).toBe('lesions');
  });

  test('says in known words that a file system has no extended attributes', async () => {
    const run = promisify(execFile)(toolPath('versitygw'), ['posix', '/proc/self'], {
      env: { ROOT_ACCESS_KEY_ID: 'key', ROOT_SECRET_ACCESS_KEY: 'secret', VGW_PORT: '127.0.0.1:0' },
    });
    await expect(run).rejects.toThrow(NO_EXTENDED_ATTRIBUTES);
  });
});

test('no server survives its parent, and its ports are free again', async () => {
  const path = fileURLToPath(new URL('./parent.ts', import.meta.url));
  const parent = spawn(process.execPath, ['--import', 'tsx', path, 'servers', folder.path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(parent.stdout, 'data')) as [Buffer];
  parent.kill('SIGKILL');
  await untilGone(JSON.parse(line.toString()) as number[]);
});

test('stop leaves no process and no port', async () => {
  const server = await startObjectServer({ folder: join(folder.path, 's'), bucket: 'lesions' });
  await server.stop();
  await untilGone([server.pid]);
  expect(await isPortFree(Number(new URL(server.endpoint).port))).toBe(true);
});

const storeOf = ({ endpoint, region, bucket, credentials }: ObjectServer) =>
  createS3ObjectStore({ endpoint, region, bucket, credentials });

async function withClient<T>(address: string, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address });
  try {
    return await use(new Client({ connection }));
  } finally {
    await connection.close();
  }
}

/** Uploads that nobody will finish, in a real store: found however many they are, and only the old ones aborted. */
import { CreateMultipartUploadCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pMap from 'p-map';
import { sweepOldUploads, sweepUploads } from '../../storage/sweep-uploads.ts';
import { withTestStore } from '../support/servers.ts';

const testStore = withTestStore();
const HOUR_MS = 60 * 60 * 1000;
let client: S3Client;
beforeAll(() => {
  client = new S3Client({ ...testStore().server, forcePathStyle: true });
});
afterAll(() => client.destroy());

const begin = (Key: string) =>
  client.send(new CreateMultipartUploadCommand({ Bucket: testStore().server.bucket, Key }));

async function uploads(prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of testStore().store.listUploads(prefix)) keys.push(key);
  return keys.sort();
}

describe('sweeping uploads', () => {
  test('aborts what is a day old in our folders, and nothing younger or of other people', async () => {
    const { store } = testStore();
    for (const key of ['runs/r/x', 'models/m/x', 'datasets/d/x', 'photos/x']) await begin(key);
    expect(await sweepOldUploads(store, Date.now() + 23 * HOUR_MS)).toBe(0);
    expect(await sweepOldUploads(store, Date.now() + 25 * HOUR_MS)).toBe(3);
    expect(await uploads('')).toEqual(['photos/x']);
    expect(await sweepOldUploads(store, Date.now() + 25 * HOUR_MS)).toBe(0);
  });

  test('sees more uploads than one page of the store holds (1,000)', async () => {
    const { store } = testStore();
    const keys = Array.from({ length: 1005 }, (_, i) => `runs/pages/${String(i)}`);
    await pMap(keys, begin, { concurrency: 16 });
    expect(await uploads('runs/pages/')).toEqual([...keys].sort());
    const prefix = 'runs/pages/';
    expect(await sweepUploads(store, { prefix, isDead: () => true })).toBe(1005);
    expect(await uploads(prefix)).toEqual([]);
  });

  test('aborting what is over already is no error', async () => {
    const { UploadId: uploadId = '' } = await begin('runs/over/x');
    await testStore().store.abortUpload({ key: 'runs/over/x', uploadId });
    await testStore().store.abortUpload({ key: 'runs/over/x', uploadId });
  });
});

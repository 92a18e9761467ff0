/** The S3 driver against a real server: conditions, ranges, multipart, and what each failure becomes. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3';
import { describe, expect, test } from '@jest/globals';
import {
  ObjectNotFoundError,
  PreconditionFailedError,
  ShortObjectError,
  StoreRefusedError,
  StoreSettingsError,
  StoreUnreachableError,
} from '../../storage/errors.ts';
import {
  createS3ObjectStore,
  ensureBucket,
  s3SettingsFromEnvironment,
} from '../../storage/s3-object-store.ts';
import { freePorts } from '../../infra/ports.ts';
import { withTestStore } from '../support/servers.ts';

const server = withTestStore();

describe('the S3 object store', () => {
  test('gives back what was put, whole and in ranges', async () => {
    const { store } = server();
    const bytes = randomBytes(1000);
    const info = await store.put('plain/a', bytes);
    expect(info).toMatchObject({ key: 'plain/a', bytes: 1000 });
    expect(await store.head('plain/a')).toEqual(info);
    expect(Buffer.from(await store.get('plain/a')).equals(bytes)).toBe(true);
    const range = await store.getRange('plain/a', 10, 20);
    expect(Buffer.from(range).equals(bytes.subarray(10, 20))).toBe(true);
    expect(range.buffer.byteLength).toBe(10);
    expect(await store.getRange('plain/a', 5, 5)).toHaveLength(0);
  });

  test('says when a range goes beyond the object, instead of giving less', async () => {
    await server().store.put('plain/short', 'abc');
    await expect(server().store.getRange('plain/short', 1, 10)).rejects.toThrow(ShortObjectError);
    await expect(server().store.getRange('plain/short', 5, 10)).rejects.toThrow(ShortObjectError);
  });

  test('says which object is missing', async () => {
    const { store } = server();
    expect(await store.head('nothing/here')).toBeUndefined();
    await expect(store.get('nothing/here')).rejects.toThrow(ObjectNotFoundError);
    await expect(store.getStream('nothing/here')).rejects.toThrow('"nothing/here"');
  });

  test('creates once, and swaps only the version that was named', async () => {
    const { store } = server();
    const first = await store.put('conditions/x', '1', { ifNoneMatch: '*' });
    await expect(store.put('conditions/x', '2', { ifNoneMatch: '*' })).rejects.toThrow(
      PreconditionFailedError,
    );
    await store.put('conditions/x', '3', { ifMatch: first.etag });
    await expect(store.put('conditions/x', '4', { ifMatch: first.etag })).rejects.toThrow(
      PreconditionFailedError,
    );
    expect(Buffer.from(await store.get('conditions/x')).toString()).toBe('3');
    await store.delete('conditions/x');
    await expect(store.put('conditions/x', '5', { ifMatch: first.etag })).rejects.toThrow(
      PreconditionFailedError,
    );
    expect(await store.head('conditions/x')).toBeUndefined();
  });

  test('lets exactly one of many racing creators win', async () => {
    const outcomes = await Promise.allSettled(
      Array.from({ length: 12 }, (_, i) =>
        server().store.put('conditions/race', String(i), { ifNoneMatch: '*' }),
      ),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        expect(outcome.reason).toBeInstanceOf(PreconditionFailedError);
      }
    }
  });

  test('uploads a stream in parts and lists it', async () => {
    const { store } = server();
    const chunk = randomBytes(1024 * 1024);
    const stream = Readable.from(Array<Buffer>(40).fill(chunk), { objectMode: false });
    expect(await store.putStream('streams/big', stream)).toMatchObject({ bytes: 40 * 1024 * 1024 });
    expect(
      Buffer.from(await store.getRange('streams/big', 39 * 1024 * 1024, 40 * 1024 * 1024)),
    ).toEqual(chunk);
    const found = [];
    for await (const { key, bytes } of store.list('streams/')) found.push({ key, bytes });
    expect(found).toEqual([{ key: 'streams/big', bytes: 40 * 1024 * 1024 }]);
  });

  test("leaves nothing behind when the stream breaks, and throws the stream's own error", async () => {
    const { store } = server();
    const broken = new RangeError('the source broke');
    async function* source() {
      for (let i = 0; i < 40; i++) {
        if (i === 35) throw broken;
        yield await Promise.resolve(randomBytes(1024 * 1024));
      }
    }
    await expect(store.putStream('streams/broken', Readable.from(source()))).rejects.toBe(broken);
    expect(await store.head('streams/broken')).toBeUndefined();
    const client = new S3Client({
      endpoint: store.endpoint,
      region: 'us-east-1',
      forcePathStyle: true,
      credentials: server().server.credentials,
    });
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'test' }));
    expect(Uploads).toEqual([]);
    client.destroy();
  });

  test('deletes, and deleting nothing is no error', async () => {
    await server().store.put('deleted/x', 'x');
    await server().store.delete('deleted/x');
    await server().store.delete('deleted/x');
    expect(await server().store.head('deleted/x')).toBeUndefined();
  });

  test('names the endpoint of an unreachable store', async () => {
    const endpoint = `http://127.0.0.1:${String((await freePorts(1))[0])}`;
    using store = createS3ObjectStore({
      endpoint,
      region: 'us-east-1',
      bucket: 'bucket',
      credentials: server().server.credentials,
    });
    const error: unknown = await store.get('x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(StoreUnreachableError);
    expect(error).toMatchObject({ retryable: true, values: { endpoint, reason: 'ECONNREFUSED' } });
    await expect(store.head('x')).rejects.toThrow(StoreUnreachableError);
    await expect(store.putStream('x', Readable.from([Buffer.from('x')]))).rejects.toThrow(
      StoreUnreachableError,
    );
  });

  test('tells a refusal from an absence', async () => {
    const { credentials, endpoint } = server().server;
    const wrong = { ...credentials, secretAccessKey: 'wrong' };
    using store = createS3ObjectStore({
      endpoint,
      region: 'us-east-1',
      bucket: 'test',
      credentials: wrong,
    });
    await expect(store.get('x')).rejects.toThrow(StoreRefusedError);
    using elsewhere = createS3ObjectStore({
      endpoint,
      region: 'us-east-1',
      bucket: 'no-such-bucket',
      credentials,
    });
    await expect(elsewhere.put('x', 'x')).rejects.toThrow(/no-such-bucket.*LESIONFLOW_S3_BUCKET/);
  });

  test('makes its bucket once', async () => {
    using store = createS3ObjectStore({
      ...server().server,
      bucket: 'another',
    });
    await ensureBucket(store);
    await ensureBucket(store);
    await store.put('x', 'x');
  });
});

describe('the settings of the store', () => {
  test('come from the environment', () => {
    expect(s3SettingsFromEnvironment({ LESIONFLOW_S3_BUCKET: 'bucket' })).toEqual({
      bucket: 'bucket',
    });
    expect(
      s3SettingsFromEnvironment({
        LESIONFLOW_S3_BUCKET: 'bucket',
        LESIONFLOW_S3_ENDPOINT: 'http://127.0.0.1:9000',
      }),
    ).toEqual({ bucket: 'bucket', endpoint: 'http://127.0.0.1:9000', region: 'us-east-1' });
  });

  test('name the variable that is missing or wrong', () => {
    expect(() => s3SettingsFromEnvironment({})).toThrow(StoreSettingsError);
    expect(() => s3SettingsFromEnvironment({ LESIONFLOW_S3_BUCKET: 'B' })).toThrow(
      /LESIONFLOW_S3_BUCKET must be 3 to 63.*"B"/,
    );
    expect(() =>
      s3SettingsFromEnvironment({
        LESIONFLOW_S3_BUCKET: 'bucket',
        LESIONFLOW_S3_ENDPOINT: 'host:1',
      }),
    ).toThrow(/LESIONFLOW_S3_ENDPOINT must look like.*"host:1"/);
    const withPassword = {
      LESIONFLOW_S3_BUCKET: 'bucket',
      LESIONFLOW_S3_ENDPOINT: 'http://user:canary@host:1',
    };
    expect(() => s3SettingsFromEnvironment(withPassword)).toThrow(/got "http:\/\/…@host:1"/);
  });
});

/**
 * The proxy before a real S3 server, with the pipeline's own driver as its client. Would catch: signatures or
 * checksums that break on the way, bodies that change, a fault that does not bite, one that stays on.
 */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { startFaultyProxy, type FaultyProxy } from '../../chaos/faulty-proxy.ts';
import { storeFaults, type StoreFault } from '../../chaos/store-faults.ts';
import { PreconditionFailedError, StoreUnreachableError } from '../../storage/errors.ts';
import { createS3ObjectStore, type S3ObjectStore } from '../../storage/s3-object-store.ts';
import { withTestStore } from '../support/servers.ts';

const test = withTestStore();

let proxy: FaultyProxy;
let through: S3ObjectStore;

beforeEach(async () => {
  const { endpoint, region, bucket, credentials } = test().server;
  proxy = await startFaultyProxy({ target: endpoint });
  through = createS3ObjectStore({ endpoint: proxy.url, region, bucket, credentials });
});
afterEach(async () => {
  through.close();
  await proxy[Symbol.asyncDispose]();
});

const MEGABYTE = 1024 * 1024;
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

describe('without a fault', () => {
  it('passes what the driver does: bodies with checksums, many parts, ranges, conditions, lists', async () => {
    const large = randomBytes(40 * MEGABYTE);
    await through.put('a/one', 'one', { ifNoneMatch: '*' });
    await expect(through.put('a/one', 'two', { ifNoneMatch: '*' })).rejects.toThrow(
      PreconditionFailedError,
    );
    await through.putStream('a/large', Readable.from([large]));
    expect(sha256(await through.get('a/large'))).toBe(sha256(large));
    expect(Buffer.from(await through.getRange('a/large', 100, 200))).toEqual(
      large.subarray(100, 200),
    );
    const keys: string[] = [];
    for await (const { key } of through.list('a/')) keys.push(key);
    expect(keys).toEqual(['a/large', 'a/one']);
    expect(await through.head('a/none')).toBeUndefined();
    expect(proxy.struck).toBe(0);
  });

  it.each([true, false])(
    'asks the server before the body where the client does (%s)',
    async (willing) => {
      let body = '';
      const server = createServer();
      server.on('checkContinue', (request, response) => {
        if (!willing) return void response.writeHead(412).end('no');
        response.writeContinue();
        request.on('data', (chunk) => (body += String(chunk)));
        request.on('end', () => response.end(`${body} ${request.trailers['x-sum'] ?? ''}`));
      });
      await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
      const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      await using before = await startFaultyProxy({ target });
      const { port } = new URL(before.url);
      const asked = httpRequest({
        port,
        method: 'PUT',
        headers: { expect: '100-continue', 'transfer-encoding': 'chunked', trailer: 'x-sum' },
      });
      let isInvited = false;
      asked.on('continue', () => {
        isInvited = true;
        asked.write('body');
        asked.addTrailers({ 'x-sum': '7' });
        asked.end();
      });
      asked.flushHeaders();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      const said = Buffer.concat(await answer.toArray()).toString();
      expect({ isInvited, status: answer.statusCode, said, body }).toEqual(
        willing
          ? { isInvited: true, status: 200, said: 'body 7', body: 'body' }
          : { isInvited: false, status: 412, said: 'no', body: '' },
      );
      asked.destroy();
      server.close();
    },
  );
});

/** All of these are over when the driver has tried five times. */
const failing = storeFaults.filter((fault) => fault !== 'trickle' && fault !== 'hang');

describe.each(failing)('%s', (fault: StoreFault) => {
  it('fails each request that is not tried again after it', async () => {
    await test().store.put('c', randomBytes(MEGABYTE));
    proxy.setFault(fault);
    await expect(through.get('c')).rejects.toThrow();
    await expect(through.put('d', randomBytes(MEGABYTE))).rejects.toThrow(StoreUnreachableError);
    expect(proxy.struck).toBeGreaterThan(5);
    proxy.setFault(undefined);
    await through.put('d', 'after');
    expect(Buffer.from(await through.get('d')).toString()).toBe('after');
  });
});

it('lost-answer: the server has done what nobody was told', async () => {
  proxy.setFault('lost-answer');
  const written = through.put('e', 'whole');
  await expect(written).rejects.toThrow(StoreUnreachableError);
  expect(Buffer.from(await test().store.get('e')).toString()).toBe('whole');
});

it.each(['error-500', 'reset-request'] as const)(
  '%s: the server has done nothing',
  async (fault) => {
    proxy.setFault(fault);
    await expect(through.put(`f/${fault}`, randomBytes(MEGABYTE))).rejects.toThrow();
    expect(await test().store.head(`f/${fault}`)).toBeUndefined();
  },
);

it('trickle: slow while it lasts, whole in the end', async () => {
  const body = randomBytes(MEGABYTE);
  proxy.setFault('trickle');
  let isThere = false;
  const written = through.put('g', body).then(() => (isThere = true));
  await new Promise((done) => setTimeout(done, 1_000));
  expect(isThere).toBe(false);
  proxy.setFault(undefined);
  await written;
  expect(sha256(await through.get('g'))).toBe(sha256(body));
});

it('hang: no answer, while later requests pass', async () => {
  proxy.setFault('hang');
  const hung = Promise.race([
    through.put('h', 'x').then(() => 'answered'),
    new Promise((done) => setTimeout(() => done('silent'), 2_000)),
  ]);
  expect(await hung).toBe('silent');
  proxy.setFault(undefined);
  await through.put('i', 'y');
  expect(await test().store.head('h')).toBeUndefined();
});

it('holds the request that was asked for until it is released, and no other', async () => {
  const gate = new AbortController();
  const held = proxy.hold(
    ({ method, url }) => method === 'PUT' && url.includes('/j/2'),
    gate.signal,
  );
  await through.put('j/1', 'passes');
  const second = through.put('j/2', 'waits');
  const request = await held;
  expect(request.url).toContain('j/2');
  await through.put('j/3', 'passes too');
  expect(await test().store.head('j/2')).toBeUndefined();
  request.release();
  await second;
  expect(await test().store.head('j/2')).toMatchObject({ bytes: 5 });

  const never = proxy.hold(() => true, gate.signal);
  gate.abort(new Error('enough'));
  await expect(never).rejects.toThrow('enough');
  await through.put('j/4', 'passes after that');
});

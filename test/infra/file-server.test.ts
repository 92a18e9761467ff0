import { mkdir, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { startFileServer, type FileServer } from '../../infra/servers/file-server.ts';
import { temporaryFolder } from '../support/servers.ts';

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let server: FileServer;
beforeAll(async () => {
  folder = await temporaryFolder();
  await mkdir(join(folder.path, 'served'));
  await writeFile(join(folder.path, 'secret'), 'secret');
  await writeFile(join(folder.path, 'served/ten bytes'), '0123456789');
  await writeFile(join(folder.path, 'served/empty'), '');
  server = await startFileServer({ folder: join(folder.path, 'served') });
});
afterAll(async () => {
  await server.stop();
  await folder.remove();
});

const get = (headers: Record<string, string> = {}, path = '/ten%20bytes') =>
  fetch(server.url + path, { headers });

/** `fetch` would tidy the path away before it is sent. */
const statusOfRawPath = (path: string) =>
  new Promise<number | undefined>((resolve) => {
    request(server.url, { path }, (response) => resolve(response.resume().statusCode)).end();
  });

describe('the file server', () => {
  test.each([
    ['bytes=2-4', 206, '234', 'bytes 2-4/10'],
    ['bytes=7-', 206, '789', 'bytes 7-9/10'],
    ['bytes=-3', 206, '789', 'bytes 7-9/10'],
    ['bytes=8-99', 206, '89', 'bytes 8-9/10'],
    ['bytes=10-', 416, '', 'bytes */10'],
    ['bytes=0-1,4-5', 200, '0123456789', null],
  ])('answers %s with %i and "%s"', async (range, status, body, contentRange) => {
    const response = await get({ range });
    expect(response.status).toBe(status);
    expect(await response.text()).toBe(body);
    expect(response.headers.get('content-range')).toBe(contentRange);
  });

  test('a range of another version of the file is answered with the whole of this one', async () => {
    const etag = (await get()).headers.get('etag') ?? '';
    expect((await get({ range: 'bytes=1-2', 'if-range': etag })).status).toBe(206);
    expect((await get({ range: 'bytes=1-2', 'if-range': '"other"' })).status).toBe(200);
  });

  test('HEAD tells the length; an empty file is empty', async () => {
    const head = await fetch(`${server.url}/ten%20bytes`, { method: 'HEAD' });
    expect(head.headers.get('content-length')).toBe('10');
    expect(await (await get({}, '/empty')).text()).toBe('');
  });

  test('nothing outside the folder is served, and no folder', async () => {
    for (const path of ['/../secret', '/%2e%2e/secret', '/..%2fsecret', '/', '/none', '/%']) {
      expect([path, await statusOfRawPath(path)]).toEqual([path, 404]);
    }
    expect((await fetch(server.url, { method: 'PUT' })).status).toBe(405);
  });
});

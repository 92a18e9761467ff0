/** Archives looked into where they lie: a file, a real http server, a real S3 server; and what cannot be. */
import { writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openRanges } from '../../datasets/sources/ranged-source.ts';
import { StoreReader } from '../../datasets/zip/store-reader.ts';
import { startFileServer } from '../../infra/servers/file-server.ts';
import { temporaryFolder, withTestStore } from '../support/servers.ts';

const server = withTestStore();
const CONTENTS = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7) % 256));
let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeAll(async () => {
  folder = await temporaryFolder();
  await writeFile(join(folder.path, 'a b.zip'), CONTENTS);
});
afterAll(() => folder.remove());

const noStore = () => {
  throw new Error('no store is needed');
};

async function served<T>(listener: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const http = createServer(listener);
  await new Promise<void>((resolve) => void http.listen(0, '127.0.0.1', resolve));
  try {
    return await use(`http://127.0.0.1:${String((http.address() as AddressInfo).port)}/a.zip`);
  } finally {
    http.closeAllConnections();
    http.close();
  }
}

describe('ranges', () => {
  test('of a file, over http and from S3 are the same bytes', async () => {
    await using files = await startFileServer({ folder: folder.path });
    const { store } = server();
    await store.inBucket('test').put('sets/a b.zip', CONTENTS);
    const urls = [
      pathToFileURL(join(folder.path, 'a b.zip')).href,
      `${files.url}/a%20b.zip`,
      's3://test/sets/a%20b.zip',
    ];
    for (const url of urls) {
      await using source = await openRanges(url, { store: () => store });
      expect(source.bytes).toBe(1000);
      expect(Buffer.from(await source.getRange('', 10, 17))).toEqual(CONTENTS.subarray(10, 17));
      expect(Buffer.from(await source.getRange('', 990, 1000))).toEqual(CONTENTS.subarray(990));
    }
  });

  test('a server without ranges is refused before anything is downloaded', async () => {
    const whole: RequestListener = (_, response) => void response.end(CONTENTS);
    await served(whole, async (url) => {
      await expect(openRanges(`${url}?signature=secret`, { store: noStore })).rejects.toMatchObject(
        {
          code: 'archive-no-ranges',
          message: expect.not.stringContaining('secret') as unknown,
        },
      );
    });
  });

  test('a file that changes is told; a server that stumbles is asked again', async () => {
    let requests = 0;
    const changing: RequestListener = (request, response) => {
      requests++;
      if (requests === 2) {
        response.writeHead(503).end();
        return;
      }
      const [, start = '0', end = '0'] =
        /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '') ?? [];
      response
        .writeHead(206, {
          etag: requests < 4 ? '"one"' : '"two"',
          'content-range': `bytes ${start}-${end}/1000`,
        })
        .end(CONTENTS.subarray(Number(start), Number(end) + 1));
    };
    await served(changing, async (url) => {
      await using source = await openRanges(url, { store: noStore });
      expect(Buffer.from(await source.getRange('', 5, 9))).toEqual(CONTENTS.subarray(5, 9));
      await expect(source.getRange('', 5, 9)).rejects.toMatchObject({ code: 'archive-changed' });
    });
  });

  test('what is not there is named', async () => {
    await using files = await startFileServer({ folder: folder.path });
    const missing = [
      pathToFileURL(join(folder.path, 'none.zip')).href,
      `${files.url}/none.zip`,
      's3://test/none.zip',
    ];
    for (const url of missing) {
      await expect(openRanges(url, { store: () => server().store })).rejects.toMatchObject({
        code: 'archive-not-found',
      });
    }
  });
});

test('small blocks: neighbours share a read, what is larger is read by itself and exactly', async () => {
  const asked: (readonly [number, number])[] = [];
  const store = {
    getRange: (_: string, start: number, end: number) => {
      asked.push([start, end]);
      return Promise.resolve(new Uint8Array(CONTENTS.subarray(start, end)));
    },
  };
  const reader = new StoreReader({ store, key: 'a', bytes: 1000, blockBytes: 64 });
  expect(await reader.bytes(3, 9)).toEqual(CONTENTS.subarray(3, 9));
  expect(await reader.bytes(20, 40)).toEqual(CONTENTS.subarray(20, 40));
  expect(await reader.bytes(100, 333)).toEqual(CONTENTS.subarray(100, 333));
  expect(asked).toEqual([
    [0, 64],
    [100, 333],
  ]);
});

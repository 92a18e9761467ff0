/** Archives from files, http and s3 into a real store, over servers that break as real ones do. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { ActivityProgress } from '../../contracts/progress.ts';
import {
  ArchiveChangedError,
  ArchiveHashError,
  ArchiveNotFoundError,
  ArchiveRefusedError,
  ArchiveUnavailableError,
  NotAZipError,
  TruncatedDownloadError,
} from '../../datasets/errors.ts';
import { fetchArchive } from '../../datasets/fetch-archive.ts';
import { openHttpSource } from '../../datasets/sources/http-source.ts';
import { freePorts } from '../../infra/ports.ts';
import { sha256 } from '../../storage/documents.ts';
import { withTestStore } from '../support/servers.ts';
import { zipOf } from './zips.ts';

const server = withTestStore();
const zip = zipOf([{ name: 'a.jpg', contents: randomBytes(400_000) }]);
const hash = sha256(zip);

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'lesionflow-fetch-'))));
afterAll(() => rm(folder, { recursive: true }));

/** Runs `use` against a web server that answers by `answer`. */
async function withWeb<T>(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
  use: (url: string) => Promise<T>,
): Promise<T> {
  const web = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => web.once('listening', resolve));
  try {
    return await use(`http://127.0.0.1:${String((web.address() as AddressInfo).port)}`);
  } finally {
    web.closeAllConnections();
    web.close();
  }
}

/** Serves `body` with ranges, but breaks every answer off after `breakAfter` bytes. */
function brittle(body: () => Buffer, breakAfter: number, etag = () => '"v1"') {
  const ranges: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const { range, 'if-range': ifRange } = request.headers;
    if (range !== undefined) ranges.push(range);
    const partial = range !== undefined && ifRange === etag();
    const start = partial ? Number(/\d+/.exec(range)?.[0]) : 0;
    const rest = body().subarray(start);
    response.writeHead(partial ? 206 : 200, {
      etag: etag(),
      'content-length': rest.length,
      ...(partial && {
        'content-range': `bytes ${String(start)}-${String(body().length - 1)}/${String(body().length)}`,
      }),
    });
    if (rest.length <= breakAfter) response.end(rest);
    else response.write(rest.subarray(0, breakAfter), () => response.destroy());
  };
  return { answer, ranges };
}

const options = () =>
  ({
    store: server().store,
    dataset: `set-${randomBytes(4).toString('hex')}`,
    role: 'images',
  }) as const;

async function objectsOf(dataset: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of server().store.list(`datasets/${dataset}/`)) keys.push(key);
  return keys;
}

describe('an archive from a file', () => {
  test('is stored with its hash and size, and only once', async () => {
    const path = join(folder, 'good archive.zip');
    await writeFile(path, zip);
    const url = pathToFileURL(path).href;
    const given = { ...options(), source: { url } };
    const seen: ActivityProgress[] = [];
    const archive = await fetchArchive({ ...given, onProgress: (p) => seen.push(p) });
    expect(archive).toMatchObject({ bytes: zip.length, sha256: hash });
    expect(Buffer.from(await server().store.get(archive.key)).equals(zip)).toBe(true);
    expect(seen.at(-1)).toMatchObject({ done: zip.length, total: zip.length, unit: 'bytes' });

    const before = await server().store.head(archive.key);
    const again: ActivityProgress[] = [];
    expect(await fetchArchive({ ...given, onProgress: (p) => again.push(p) })).toEqual(archive);
    expect(again).toEqual([]);
    expect(await server().store.head(archive.key)).toEqual(before);
  });

  test('that is missing, or no zip, or cut short, is refused and leaves nothing', async () => {
    const refused = async (name: string, contents: Buffer | undefined) => {
      const path = join(folder, name);
      if (contents) await writeFile(path, contents);
      const given = options();
      const error: unknown = await fetchArchive({
        ...given,
        source: { url: pathToFileURL(path).href },
      }).catch((e: unknown) => e);
      expect(await objectsOf(given.dataset)).toEqual([]);
      return error;
    };
    expect(await refused('missing.zip', undefined)).toBeInstanceOf(ArchiveNotFoundError);
    const page = await refused('page.zip', Buffer.from('<html>Log in first</html>'));
    expect(page).toBeInstanceOf(NotAZipError);
    expect(page).toMatchObject({ retryable: false });
    expect(String(page)).toContain('starts with "<htm"');
    const cut = await refused('cut.zip', zip.subarray(0, -100));
    expect(cut).toBeInstanceOf(NotAZipError);
    expect(String(cut)).toContain('cut short');
    expect(await refused('empty.zip', Buffer.alloc(0))).toBeInstanceOf(NotAZipError);
  });

  test('must have the hash that the input names', async () => {
    const path = join(folder, 'hash.zip');
    await writeFile(path, zip);
    const url = pathToFileURL(path).href;
    const given = options();
    const wrong = '0'.repeat(64);
    await expect(fetchArchive({ ...given, source: { url, sha256: wrong } })).rejects.toThrow(
      ArchiveHashError,
    );
    expect(await objectsOf(given.dataset)).toEqual([]);

    const archive = await fetchArchive({ ...given, source: { url, sha256: hash } });
    await rm(path);
    // The hash alone tells that it is there: the source is not even looked at.
    expect(await fetchArchive({ ...given, source: { url, sha256: hash } })).toEqual(archive);
  });
});

describe('an archive from a web server', () => {
  test('goes on where a broken connection stopped', async () => {
    const { answer, ranges } = brittle(() => zip, 150_000);
    await withWeb(answer, async (url) => {
      const archive = await fetchArchive({
        ...options(),
        source: { url: `${url}/a.zip?key=secret` },
      });
      expect(archive.sha256).toBe(hash);
      expect(Buffer.from(await server().store.get(archive.key)).equals(zip)).toBe(true);
      expect(ranges.length).toBeGreaterThanOrEqual(2);
      expect(ranges[0]).toMatch(/^bytes=[1-9]\d+-$/);
    });
  });

  test('is not downloaded again while its ETag stays', async () => {
    let etag = '"v1"';
    let sent = 0;
    await withWeb(
      (_request, response) => {
        response.writeHead(200, { etag, 'content-length': zip.length });
        response.end(zip, () => sent++);
      },
      async (url) => {
        const given = { ...options(), source: { url } };
        const first = await fetchArchive(given);
        expect(await fetchArchive(given)).toEqual(first);
        etag = '"v2"';
        const second = await fetchArchive(given);
        expect(second.sha256).toBe(first.sha256);
        expect(second.key).not.toBe(first.key);
      },
    );
    expect(sent).toBeGreaterThanOrEqual(2);
  });

  test('never mixes two versions of a file', async () => {
    let version = 1;
    const { answer } = brittle(
      () => zip,
      150_000,
      () => `"v${String(version++)}"`,
    );
    const given = options();
    await withWeb(answer, async (url) => {
      await expect(fetchArchive({ ...given, source: { url } })).rejects.toThrow(
        ArchiveChangedError,
      );
    });
    expect(await objectsOf(given.dataset)).toEqual([]);
  });

  test('that ends early is a truncated download, tried again by whoever called', async () => {
    const given = options();
    await withWeb(
      (_request, response) => {
        // Neither ETag nor date: nothing proves that a second part belongs to the first.
        response.writeHead(200, { 'content-length': zip.length });
        response.write(zip.subarray(0, 100_000), () => response.destroy());
      },
      async (url) => {
        const error: unknown = await fetchArchive({ ...given, source: { url } }).catch(
          (e: unknown) => e,
        );
        expect(error).toBeInstanceOf(TruncatedDownloadError);
        expect(error).toMatchObject({ retryable: true, values: { expected: zip.length } });
      },
    );
    expect(await objectsOf(given.dataset)).toEqual([]);
  });

  test('that falls silent is given up', async () => {
    await withWeb(
      (_request, response) => {
        response.writeHead(200, { etag: '"v1"', 'content-length': zip.length });
        response.write(zip.subarray(0, 1000));
      },
      async (url) => {
        const source = await openHttpSource(url, { silenceMs: 50, attempts: 2, pauseMs: 1 });
        const read = async () => {
          for await (const chunk of source.chunks()) expect(chunk.length).toBeGreaterThan(0);
        };
        await expect(read()).rejects.toThrow(/broke off after 1000 of/);
      },
    );
  });

  test.each([
    [404, ArchiveNotFoundError, false],
    [403, ArchiveRefusedError, false],
    [503, ArchiveUnavailableError, true],
  ])('that answers %i is told apart', async (status, type, retryable) => {
    await withWeb(
      (_request, response) => response.writeHead(status).end(),
      async (url) => {
        const source = { url: `${url}/x.zip?X-Amz-Signature=secret` };
        const error: unknown = await fetchArchive({ ...options(), source }).catch(
          (e: unknown) => e,
        );
        expect(error).toBeInstanceOf(type);
        expect(error).toMatchObject({ retryable });
        expect(String(error)).toContain(`HTTP ${String(status)}`);
        expect(String(error)).not.toContain('secret');
      },
    );
  });

  test('that nobody serves is unavailable, with the reason', async () => {
    const url = `http://127.0.0.1:${String((await freePorts(1))[0])}/a.zip`;
    await expect(fetchArchive({ ...options(), source: { url } })).rejects.toThrow(
      /cannot be fetched now \(ECONNREFUSED\)/,
    );
  });
});

describe('an archive from a bucket', () => {
  test('is copied through the same checks', async () => {
    await server().store.put('incoming/my archive.zip', zip);
    const source = { url: 's3://test/incoming/my%20archive.zip' };
    expect(await fetchArchive({ ...options(), source })).toMatchObject({ sha256: hash });
    await expect(
      fetchArchive({ ...options(), source: { url: 's3://test/incoming/none.zip' } }),
    ).rejects.toThrow(ArchiveNotFoundError);
  });
});

test('a cancelled download stops and leaves nothing', async () => {
  const given = options();
  const abort = new AbortController();
  await withWeb(
    (_request, response) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': zip.length });
      response.write(zip.subarray(0, 1000), () => abort.abort());
    },
    async (url) => {
      await expect(
        fetchArchive({ ...given, source: { url }, signal: abort.signal }),
      ).rejects.toMatchObject({ name: 'AbortError' });
    },
  );
  expect(await objectsOf(given.dataset)).toEqual([]);
});

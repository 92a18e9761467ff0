/**
 * Serves one folder's files over http with byte ranges and ETags, as a dataset's host would: the demo hands
 * its synthetic archives to the pipeline this way. Loopback only; nothing outside the folder is reachable.
 */
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, normalize, sep } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { LOOPBACK } from '../ports.ts';

export interface FileServer extends AsyncDisposable {
  /** `http://host:port`, without a slash at its end. */
  readonly url: string;
  /** Also cuts transfers that are under way. */
  stop(): Promise<void>;
}

export async function startFileServer({
  folder,
}: {
  readonly folder: string;
}): Promise<FileServer> {
  const server = createServer((request, response) => void answer(folder, request, response));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, LOOPBACK, resolve);
  });
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const url = `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`;
  return { url, stop, [Symbol.asyncDispose]: stop };
}

async function answer(
  folder: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    refuse(response, 405);
    return;
  }
  const path = pathWithin(folder, request.url ?? '/');
  const file = path === undefined ? undefined : await stat(path).catch(() => undefined);
  if (path === undefined || !file?.isFile()) {
    refuse(response, 404);
    return;
  }

  const etag = `"${file.mtimeMs.toString(16)}-${file.size.toString(16)}"`;
  response.setHeader('accept-ranges', 'bytes').setHeader('etag', etag);
  const asked = request.headers['if-range'];
  const sameVersion = asked === undefined || asked === etag;
  const range = sameVersion ? rangeOf(request.headers.range, file.size) : undefined;
  if (range === 'unsatisfiable') {
    response.setHeader('content-range', `bytes */${file.size}`);
    refuse(response, 416);
    return;
  }
  const { start, end } = range ?? { start: 0, end: file.size };
  if (range) response.setHeader('content-range', `bytes ${start}-${end - 1}/${file.size}`);
  response.writeHead(range ? 206 : 200, { 'content-length': end - start });
  if (request.method === 'HEAD' || end === start) {
    response.end();
    return;
  }
  // Either side may hang up in mid-transfer; the other end then sees a short body, which is the message.
  await pipeline(createReadStream(path, { start, end: end - 1 }), response).catch(() => undefined);
}

function pathWithin(folder: string, url: string): string | undefined {
  try {
    const path = normalize(join(folder, decodeURIComponent(url.split('?')[0] ?? '')));
    return path.startsWith(normalize(folder + sep)) ? path : undefined;
  } catch {
    return undefined;
  }
}

/** One range of RFC 9110 as `[start, end)`; several are answered with the whole file, as it allows. */
function rangeOf(header: string | undefined, size: number) {
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/.exec(header ?? '') ?? [];
  if (first === '' && last === '') return undefined;
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first);
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1);
  return start < end ? { start, end } : 'unsatisfiable';
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status).end();
}

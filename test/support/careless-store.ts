/**
 * An S3 server in memory that does not look at some headers of a write, as servers do that do not know them:
 * every condition then holds. Just enough of S3 for the probe of a store.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { S3Settings } from '../../storage/s3-settings.ts';

export interface CarelessStore extends AsyncDisposable {
  readonly settings: S3Settings & { readonly endpoint: string };
  readonly keys: () => string[];
}

const BUCKET = 'careless';
const CREDENTIALS = { accessKeyId: 'test', secretAccessKey: 'test' };

/** `ignores`: of `if-match` and `if-none-match`. */
export async function startCarelessStore({
  ignores,
}: {
  readonly ignores: readonly string[];
}): Promise<CarelessStore> {
  const objects = new Map<string, Buffer>();

  const put = async (key: string, request: IncomingMessage, answer: ServerResponse) => {
    const body = await buffer(request);
    const there = objects.get(key);
    const header = (name: string) => (ignores.includes(name) ? undefined : request.headers[name]);
    const match = header('if-match');
    const isRefused =
      (header('if-none-match') === '*' && there !== undefined) ||
      (match !== undefined && (there === undefined || etagOf(there) !== match));
    if (isRefused) {
      respond(answer, { status: 412, body: xmlError('PreconditionFailed') });
      return;
    }
    objects.set(key, body);
    answer.setHeader('etag', etagOf(body));
    respond(answer, { status: 200 });
  };

  const serve = async (request: IncomingMessage, answer: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://store');
    const key = pathname.slice(`/${BUCKET}/`.length);
    const object = objects.get(key);
    if (request.method === 'PUT') await put(key, request, answer);
    else if (request.method === 'DELETE') {
      objects.delete(key);
      respond(answer, { status: 204 });
    } else if (searchParams.has('list-type')) {
      const prefix = searchParams.get('prefix') ?? '';
      const found = [...objects.keys()].filter((name) => name.startsWith(prefix));
      const contents = found.map((name) => `<Contents><Key>${name}</Key></Contents>`).join('');
      respond(answer, { status: 200, body: `<ListBucketResult>${contents}</ListBucketResult>` });
    } else if (object !== undefined) respond(answer, { status: 200, body: object });
    else respond(answer, { status: 404, body: xmlError('NoSuchKey') });
  };

  const server = createServer((request, answer) => void serve(request, answer));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const endpoint = `http://127.0.0.1:${String(port)}`;
  return {
    settings: { endpoint, bucket: BUCKET, region: 'us-east-1', credentials: CREDENTIALS },
    keys: () => [...objects.keys()],
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const etagOf = (body: Buffer) => `"${createHash('md5').update(body).digest('hex')}"`;
const xmlError = (code: string) => `<?xml version="1.0"?><Error><Code>${code}</Code></Error>`;

function respond(
  answer: ServerResponse,
  { status, body = '' }: { readonly status: number; readonly body?: string | Buffer },
): void {
  answer.statusCode = status;
  answer.end(body);
}

/**
 * An HTTP proxy in front of a store that loses answers: the request is done, and the client never hears of it.
 */
import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface LossyProxy extends AsyncDisposable {
  readonly endpoint: string;
  /** Answers lost so far. */
  readonly lost: () => number;
}

export interface LossyProxyOptions {
  /** Of the store behind it. */
  readonly endpoint: string;
  /** Asked for each request, which waits for the word before it is sent on; `true` loses its answer. */
  readonly loses?: (request: IncomingMessage) => boolean | Promise<boolean>;
  /** Asked for each request; the store does not hear of one that gets an S3 error's code here (HTTP 404). */
  readonly refuses?: (request: IncomingMessage) => string | undefined;
}

export async function startLossyProxy({
  endpoint,
  loses = () => false,
  refuses = () => undefined,
}: LossyProxyOptions): Promise<LossyProxy> {
  const store = new URL(endpoint);
  let lost = 0;
  const forward = async (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const code = refuses(incoming);
    if (code !== undefined) {
      incoming.resume();
      outgoing.writeHead(404, { 'content-type': 'application/xml' });
      outgoing.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
      return;
    }
    const loss = await loses(incoming);
    const { hostname: host, port } = store;
    const { method, url: path, headers } = incoming;
    const options = { host, port, method, path, headers };
    const forwarded = request(options, (answer) => {
      if (!loss) {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
        return;
      }
      lost++;
      answer.resume().on('end', () => incoming.socket.destroy());
    });
    forwarded.on('error', () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  };
  const server = createServer((incoming, outgoing) => void forward(incoming, outgoing));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${String(port)}`,
    lost: () => lost,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

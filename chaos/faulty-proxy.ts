/**
 * An HTTP proxy before the S3 server that fails on demand (`store-faults.ts`), and holds a request while the
 * harness does its harm, so that a fault falls into the very moment that was planned. Headers pass as they
 * are, the signed `Host` among them, and bodies byte by byte, so signatures and checksums stay valid.
 */
import {
  Agent,
  createServer,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { LOOPBACK } from '../infra/ports.ts';
import { cutAfterHalf, trickled } from './faulty-bodies.ts';
import { RequestGates, type HeldRequest, type SeenRequest } from './request-gates.ts';
import type { StoreFault } from './store-faults.ts';

export interface FaultyProxy extends AsyncDisposable {
  /** `http://host:port`, in place of the server's. */
  readonly url: string;
  /** Requests that a fault struck so far. */
  readonly struck: number;
  /** From the next request on; `undefined` lets all pass. What hangs already goes on hanging. */
  setFault(fault: StoreFault | undefined): void;
  /** The next request that `matches` waits until it is released; what is held then meets the fault of that time. */
  hold(matches: (request: SeenRequest) => boolean, signal: AbortSignal): Promise<HeldRequest>;
}

/** Of the proxy's own life. */
interface State {
  readonly target: { readonly host: string; readonly port: number };
  readonly agent: Agent;
  readonly gates: RequestGates;
  fault: StoreFault | undefined;
  struck: number;
}

/** One request on its way. */
interface Passage {
  readonly state: State;
  readonly fault: StoreFault | undefined;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits for "100 Continue" before it sends the body. */
  readonly expectsContinue: boolean;
}

/** `target` is the server's endpoint, as `http://host:port`. */
export async function startFaultyProxy({
  target,
}: {
  readonly target: string;
}): Promise<FaultyProxy> {
  const { hostname, port } = new URL(target);
  const state: State = {
    target: { host: hostname, port: Number(port) },
    agent: new Agent({ keepAlive: true }),
    gates: new RequestGates(),
    fault: undefined,
    struck: 0,
  };
  const take = (expectsContinue: boolean) => (request: IncomingMessage, response: ServerResponse) =>
    void pass(state, { request, response, expectsContinue });
  const server = createServer({ requestTimeout: 0 }, take(false));
  server.on('checkContinue', take(true));
  // A connection that the client or a fault has cut is what this proxy is for.
  server.on('clientError', (_, socket) => void socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen(0, LOOPBACK, resolve);
  });
  return {
    url: `http://${LOOPBACK}:${(server.address() as AddressInfo).port}`,
    get struck() {
      return state.struck;
    },
    setFault: (fault) => {
      state.fault = fault;
    },
    hold: (matches, signal) => state.gates.hold(matches, signal),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
        state.agent.destroy();
      }),
  };
}

async function pass(state: State, arrived: Omit<Passage, 'state' | 'fault'>): Promise<void> {
  const { request, response } = arrived;
  request.on('error', ignore);
  response.on('error', ignore);
  await state.gates.enter({ method: request.method ?? '', url: request.url ?? '' });
  // Whoever sent it may have been killed meanwhile.
  if (request.destroyed && !request.complete) return;
  const { fault } = state;
  if (fault !== undefined) state.struck++;
  const passage: Passage = { ...arrived, state, fault };
  if (fault === 'hang') return;
  if (fault === 'error-500') refuse(passage, 500, 'InternalError');
  else if (fault === 'slow-down') refuse(passage, 503, 'SlowDown');
  else forward(passage);
}

/** An error in S3's words. A body that is on its way is read first, as servers do. */
function refuse({ request, response, expectsContinue }: Passage, status: number, code: string) {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>injected</Message></Error>`;
  const answer = () => {
    const length = String(Buffer.byteLength(body));
    response.writeHead(status, { 'content-type': 'application/xml', 'content-length': length });
    response.end(request.method === 'HEAD' ? undefined : body);
  };
  if (expectsContinue) answer();
  else request.resume().once('end', answer);
}

function forward(passage: Passage): void {
  const { state, fault, request, response } = passage;
  const upstream = httpRequest({
    ...state.target,
    agent: state.agent,
    method: request.method,
    path: request.url,
    headers: endToEnd(request.rawHeaders),
    setHost: false,
  });
  upstream.on('continue', () => response.writeContinue());
  upstream.on('response', (answer) => handBack(passage, answer));
  upstream.on('error', () => cut(response));
  response.on('close', () => {
    if (!response.writableFinished && fault !== 'lost-answer') upstream.destroy();
  });
  sendBody(passage, upstream);
}

function sendBody({ state, fault, request, response }: Passage, upstream: ClientRequest): void {
  request.on('end', () => upstream.addTrailers(request.trailers));
  if (fault === 'reset-request') {
    const bytes = Number(request.headers['content-length'] ?? 0);
    const half = cutAfterHalf(bytes, () => {
      upstream.destroy();
      cut(response);
    });
    request.pipe(half).pipe(upstream);
  } else if (fault === 'trickle') {
    request.pipe(trickled(() => state.fault === 'trickle')).pipe(upstream);
  } else {
    request.pipe(upstream);
  }
}

function handBack({ state, fault, response }: Passage, answer: IncomingMessage): void {
  if (fault === 'lost-answer') {
    // Read to its end: the server must have done all that it was asked.
    answer.resume().once('end', () => cut(response));
    return;
  }
  const bytes = Number(answer.headers['content-length'] ?? 0);
  if (fault === 'reset-response' && bytes === 0) {
    answer.resume();
    cut(response);
    return;
  }
  response.writeHead(answer.statusCode ?? 502, endToEnd(answer.rawHeaders));
  answer.once('error', () => cut(response));
  if (fault === 'reset-response') {
    answer.pipe(cutAfterHalf(bytes, () => cut(response))).pipe(response);
  } else if (fault === 'trickle') {
    answer.pipe(trickled(() => state.fault === 'trickle')).pipe(response);
  } else {
    answer.pipe(response);
  }
}

/** A reset, not an orderly end. */
function cut(response: ServerResponse): void {
  response.socket?.resetAndDestroy();
  response.destroy();
}

/** What concerns one connection only stays on it. Order, repetition and case of the others are kept. */
function endToEnd(raw: readonly string[]): string[] {
  const kept: string[] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [name = '', value = ''] = [raw[at], raw[at + 1]];
    if (!/^(connection|keep-alive)$/i.test(name)) kept.push(name, value);
  }
  return kept;
}

const ignore = () => undefined;

/** The server's routes, limits and headers, on models that somebody else loads. */
import multipart from '@fastify/multipart';
import { fastify, LogController, type FastifyBaseLogger, type FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import type { ModelState } from '../api.ts';
import { NoModelError } from '../errors.ts';
import type { ServedModel } from '../model/served-model.ts';
import type { WaitingLine } from '../waiting-line.ts';
import { openApiDocument } from './openapi.ts';
import { readPage } from './page.ts';
import { addPredictions } from './predictions.ts';
import { answerWithProblems, sendProblem } from './problems.ts';
import { addSecurityHeaders } from './security-headers.ts';

export interface AppOptions {
  readonly served: ServedModel;
  readonly line: WaitingLine;
  readonly maxBytes: number;
  readonly maxPixels: number;
  readonly modelState: () => ModelState;
  readonly log: Logger;
}

/** A whole upload has to come within this time: a place is not to be held by a connection that sends nothing. */
const UPLOAD_MS = 60_000;

export async function createApp(options: AppOptions): Promise<FastifyInstance> {
  const { served, line, maxBytes, maxPixels, modelState } = options;
  const loggerInstance: FastifyBaseLogger = options.log;
  const app = fastify({
    loggerInstance,
    // In its place one line a request, without names of files.
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: maxBytes,
    requestTimeout: UPLOAD_MS,
  });
  const page = await readPage();
  addSecurityHeaders(app, page);
  answerWithProblems(app, maxBytes);
  takeBodiesAsTheyCome(app);
  await app.register(multipart, {
    limits: { files: 1, fileSize: maxBytes, fields: 4, fieldSize: 1_000 },
  });
  app.addHook('onResponse', (request, reply, done) => {
    const { method, routeOptions } = request;
    const milliseconds = Math.round(reply.elapsedTime);
    const route = routeOptions.url ?? 'unknown';
    request.log.info({ method, route, status: reply.statusCode, milliseconds }, 'answered');
    done();
  });

  app.get('/', (_, reply) => reply.type('text/html; charset=utf-8').send(page.html));
  app.get('/openapi.json', () => openApiDocument());
  app.get('/api/v1/model', () => modelState());
  app.get('/healthz', () => ({ status: 'ok' }));
  app.get('/readyz', (_, reply) => {
    const { state, detail } = modelState();
    if (state === 'ready') return { status: 'ok' };
    const reason = detail ?? `The model is ${state}.`;
    return sendProblem(reply, { status: 503, detail: reason, code: 'not-ready' });
  });
  addPredictions(app, {
    served,
    line,
    maxPixels,
    requireModel: () => {
      const { current, detail } = modelState();
      if (current === null) throw new NoModelError(detail ?? 'The model is being loaded.');
    },
  });
  return app;
}

/** Whatever a body calls itself: its first bytes say what it is. */
function takeBodiesAsTheyCome(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_, body, done) => {
    done(null, body);
  });
}

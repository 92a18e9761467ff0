/** Every failure as `application/problem+json` (RFC 9457) with a sentence; what was not foreseen says nothing more. */
import { STATUS_CODES } from 'node:http';
import type { FastifyError, FastifyInstance, FastifyReply } from 'fastify';
import type { Problem } from '../api.ts';
import {
  NoPictureError,
  PictureTooLargeError,
  ServingError,
  TooManyPicturesError,
} from '../errors.ts';

/** Of a server that is busy or loading, in seconds. */
const RETRY_AFTER = 5;

export function answerWithProblems(app: FastifyInstance, maxBytes: number): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const known = foreseen(error, maxBytes);
    if (known === undefined) {
      request.log.error({ err: error }, 'unforeseen');
      const detail =
        'Something went wrong in the server. Its log says what, under the id of this request.';
      return sendProblem(reply, { status: 500, detail, code: 'internal' });
    }
    return sendProblem(reply, known);
  });
  app.setNotFoundHandler((request, reply) => {
    const detail = `There is no ${request.method} ${request.url.split('?')[0] ?? ''} here. /openapi.json lists what there is.`;
    return sendProblem(reply, { status: 404, detail, code: 'not-found' });
  });
}

type Known = Pick<Problem, 'status' | 'detail' | 'code'>;

export function sendProblem(reply: FastifyReply, { status, detail, code }: Known): FastifyReply {
  const title = STATUS_CODES[status] ?? 'Error';
  const problem: Problem = { type: 'about:blank', title, status, detail, code };
  if (status === 503) void reply.header('retry-after', RETRY_AFTER);
  return reply.status(status).type('application/problem+json').send(JSON.stringify(problem));
}

function foreseen(error: FastifyError, maxBytes: number): Known | undefined {
  const known = ours(error, maxBytes);
  if (known !== undefined) return { status: known.status, detail: known.message, code: known.code };
  const { statusCode = 500 } = error;
  if (statusCode >= 500) return undefined;
  return { status: statusCode, detail: `${error.message}.`, code: 'bad-request' };
}

/** Fastify's own refusals in our words. */
function ours(error: FastifyError, maxBytes: number): ServingError | undefined {
  if (error instanceof ServingError) return error;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
    case 'FST_REQ_FILE_TOO_LARGE':
      return new PictureTooLargeError(maxBytes);
    case 'FST_FILES_LIMIT':
      return new TooManyPicturesError();
    case 'FST_ERR_CTP_EMPTY_JSON_BODY':
      return new NoPictureError();
    default:
      return undefined;
  }
}

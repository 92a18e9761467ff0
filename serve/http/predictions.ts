/** `POST /api/v1/predictions`: a picture in, what was found on it out. Nothing of the picture is kept or logged. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { describeIssues } from '../../wording/describe-issues.ts';
import { predictionQuerySchema, type Prediction, type PredictionQuery } from '../api.ts';
import { BadQueryError, CallerGoneError } from '../errors.ts';
import type { ServedModel } from '../model/served-model.ts';
import type { Place, WaitingLine } from '../waiting-line.ts';
import { checkPicture, readUpload } from './read-upload.ts';

export interface PredictionRoute {
  readonly served: ServedModel;
  readonly line: WaitingLine;
  readonly maxPixels: number;
  /** Throws `NoModelError` with what to do, where there is no model. */
  readonly requireModel: () => void;
}

interface Guest {
  readonly place: Place;
  readonly gone: AbortSignal;
  /** Does the handler give the place back, or the connection's end? */
  isHandled: boolean;
}

export function addPredictions(app: FastifyInstance, route: PredictionRoute): void {
  const { served, line, maxPixels, requireModel } = route;
  const guests = new WeakMap<FastifyRequest, Guest>();

  app.post('/api/v1/predictions', {
    // Before the body is read, which is memory too.
    onRequest: (request, reply, done) => {
      requireModel();
      const place = line.enter();
      const leaving = new AbortController();
      const guest: Guest = { place, gone: leaving.signal, isHandled: false };
      guests.set(request, guest);
      reply.raw.once('close', () => {
        leaving.abort(new CallerGoneError());
        if (!guest.isHandled) place[Symbol.dispose]();
      });
      done();
    },
    handler: async (request, reply): Promise<Prediction> => {
      const guest = guests.get(request);
      if (guest === undefined) throw new Error('a request came past its first hook');
      guest.isHandled = true;
      // Until the model is done with the picture, whether or not somebody still waits for the answer.
      using place = guest.place;
      const query = parseQuery(request.query);
      const picture = await readUpload(request);
      await checkPicture(picture, maxPixels);
      await place.turn(guest.gone);
      const { manifest, found } = await served.predict(picture, query);
      const { model, version } = manifest;
      void reply.header('cache-control', 'no-store');
      return { model, version, ...found };
    },
  });
}

/** Throws `BadQueryError`. */
function parseQuery(input: unknown): PredictionQuery {
  const parsed = predictionQuerySchema.safeParse(input);
  if (parsed.success) return parsed.data;
  throw new BadQueryError(describeIssues(parsed.error, { schema: predictionQuerySchema, input }));
}

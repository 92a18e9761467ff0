/**
 * A page and an API to try a published version with: follows an alias of the registry (`model/`), runs the model in
 * a process of its own (`inference/`), and answers over HTTP (`http/`).
 */
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { ObjectStore } from '../storage/object-store.ts';
import type { ModelState } from './api.ts';
import { createApp } from './http/app.ts';
import { ModelFollower } from './model/follow-model.ts';
import { ServedModel } from './model/served-model.ts';
import { WaitingLine } from './waiting-line.ts';

export interface ServerOptions {
  readonly store: ObjectStore;
  /** The model's name in the registry. */
  readonly model: string;
  /** A version's number, or an alias, which is followed. */
  readonly version: string;
  /** For downloaded versions and compiled graphs. */
  readonly cacheFolder: string;
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly log: Logger;
  /** Of one picture's file. @default 32 million */
  readonly maxBytes?: number;
  /** Of one picture. @default 50 million */
  readonly maxPixels?: number;
  /** Pictures that are taken at once, the one that is worked on included. @default 8 */
  readonly places?: number;
  /** Milliseconds that the model may take for one picture. @default 60,000 */
  readonly timeoutMs?: number;
  /** Milliseconds between looks at the alias. @default 5,000 */
  readonly pollMs?: number;
}

export interface RunningServer extends AsyncDisposable {
  readonly port: number;
  readonly state: () => ModelState;
  /** Of the process that holds the model, while there is one. */
  readonly inferencePid: () => Promise<number | undefined>;
  /** Takes nothing new, answers what is under way, and ends. */
  close(): Promise<void>;
}

/** Starts without waiting for a model. Throws what listening throws, e.g. `EADDRINUSE`. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  const { store, model, version, cacheFolder, host, port, log } = options;
  const {
    maxBytes = 32e6,
    maxPixels = 50e6,
    places = 8,
    timeoutMs = 60_000,
    pollMs = 5_000,
  } = options;
  const served = new ServedModel({ cacheFolder, timeoutMs, log });
  const follower = new ModelFollower({ store, model, version, served, cacheFolder, pollMs, log });
  const line = new WaitingLine(places);
  const state = (): ModelState => ({
    asked: `${model}@${version}`,
    ...stateOf(served, follower),
    queue: { places, taken: line.taken },
    limits: { bytes: maxBytes, pixels: maxPixels, types: ['image/jpeg', 'image/png'] },
  });
  const app = await createApp({ served, line, maxBytes, maxPixels, modelState: state, log });
  await app.listen({ host, port });
  follower.start();
  const close = async () => {
    await app.close();
    await served.close();
    await follower.close();
  };
  return {
    port: (app.server.address() as AddressInfo).port,
    state,
    inferencePid: () => served.pid(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

function stateOf(
  served: ServedModel,
  follower: ModelFollower,
): Pick<ModelState, 'state' | 'detail' | 'current'> {
  const manifest = served.version?.manifest;
  if (manifest === undefined) {
    return {
      state: follower.isLoading ? 'loading' : 'none',
      detail: follower.detail,
      current: null,
    };
  }
  const { model, version, createdAt, classNames, config, scores } = manifest;
  const inputSize = config.imageMaxDim;
  return {
    state: served.isUp ? 'ready' : 'restarting',
    detail: served.isUp
      ? follower.detail
      : 'The process that holds the model ended and is started again.',
    current: { model, version, createdAt, classNames: classNames.slice(1), inputSize, scores },
  };
}

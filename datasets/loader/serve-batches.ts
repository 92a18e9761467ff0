/**
 * A loader thread's side: makes the batches that it is asked for, one after the other in the order of asking,
 * so that the one that is needed first is ready first.
 */
import { parentPort } from 'node:worker_threads';
import type { TrainBatch } from '../../maskrcnn/training/batch.ts';
import type { BatchRecipe } from './batch-recipe.ts';
import { errorData } from './error-data.ts';
import type { BatchSource, FromThread, ToThread } from './messages.ts';

export interface BatchMaker extends AsyncDisposable {
  make(source: BatchSource, recipe: BatchRecipe): Promise<TrainBatch>;
}

/** Serves the thread that started this one until it says `end`; the thread then ends by itself. */
export function serveBatches(maker: BatchMaker): void {
  const port = parentPort;
  if (port === null) throw new Error('serveBatches runs in a worker thread only');
  const send = (message: FromThread, move: readonly ArrayBuffer[] = []) =>
    port.postMessage(message, [...move]);
  const sources = new Map<number, BatchSource>();

  const answer = async ({ stream, id, recipe }: Extract<ToThread, { type: 'make' }>) => {
    const source = sources.get(stream);
    if (source === undefined) return;
    try {
      const batch = await maker.make(source, recipe);
      send({ type: 'batch', id, batch }, buffersOf(batch));
    } catch (error) {
      send({ type: 'failed', id, error: errorData(error) });
    }
  };

  let work = Promise.resolve();
  port.on('message', (message: ToThread) => {
    switch (message.type) {
      case 'open':
        sources.set(message.stream, message.source);
        break;
      case 'make':
        work = work.then(() => answer(message));
        break;
      case 'close':
        sources.delete(message.stream);
        break;
      case 'end':
        sources.clear();
        work = work.then(() => maker[Symbol.asyncDispose]()).finally(() => port.close());
    }
  });
  send({ type: 'ready' });
}

/** The memory of a batch's arrays; each owns all of its buffer, or more than the batch would move. */
export function buffersOf(batch: TrainBatch): ArrayBuffer[] {
  const arrays = Object.values(batch).filter((value) => ArrayBuffer.isView(value));
  return [...new Set(arrays.map(({ buffer }) => buffer as ArrayBuffer))];
}

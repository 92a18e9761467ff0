/** Batches in order, a few of them made before they are asked for. */
import type { TrainBatch } from '../../maskrcnn/training/batch.ts';
import type { BatchRecipe } from './batch-recipe.ts';
import type { LoaderThread } from './loader-thread.ts';
import type { BatchSource } from './messages.ts';

export interface BatchStreamOptions {
  readonly threads: readonly LoaderThread[];
  readonly depth: number;
  /** Tells this stream from others of the threads. */
  readonly number: number;
  readonly recipes: readonly BatchRecipe[];
  readonly source: BatchSource;
  readonly signal: AbortSignal | undefined;
}

/** Batches to be read once. Dispose of it, or read it to its end, or leave the loop that reads it. */
export class BatchStream implements AsyncIterable<TrainBatch>, AsyncDisposable {
  readonly #options: BatchStreamOptions;
  readonly #ahead: Promise<TrainBatch>[] = [];
  #asked = 0;

  constructor(options: BatchStreamOptions) {
    this.#options = options;
    const { threads, number: stream, source, depth } = options;
    for (const thread of threads) thread.send({ type: 'open', stream, source });
    this.#askUpTo(depth);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<TrainBatch, void, undefined> {
    const { recipes, depth, signal } = this.#options;
    try {
      for (let n = 0; n < recipes.length; n++) {
        this.#askUpTo(n + 1 + depth);
        const next = this.#ahead.shift();
        if (next === undefined) return;
        yield await unlessAborted(next, signal);
      }
    } finally {
      this.#close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#close();
    return Promise.resolve();
  }

  #askUpTo(end: number): void {
    const { threads, number, recipes } = this.#options;
    for (const recipe of recipes.slice(this.#asked, end)) {
      const idlest = threads.reduce((best, thread) => (thread.load < best.load ? thread : best));
      const batch = idlest.make(number, recipe);
      // It is thrown where it is awaited; until then it must not count as unhandled.
      batch.catch(() => undefined);
      this.#ahead.push(batch);
      this.#asked++;
    }
  }

  #close(): void {
    this.#asked = this.#options.recipes.length;
    this.#ahead.length = 0;
    for (const thread of this.#options.threads) thread.forget(this.#options.number);
  }
}

/** Not `Promise.race`: the signal would hold every batch that it was ever raced against. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    if (signal.aborted) onAbort();
    signal.addEventListener('abort', onAbort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}

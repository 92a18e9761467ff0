/**
 * The batches of an epoch, made by threads while TensorFlow blocks this one. However many threads there are and
 * whichever is faster: the order is that of the recipes, and each batch is the same to the bit.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { TrainBatch } from '../../maskrcnn/training/batch.ts';
import { LoaderOptionError } from '../errors.ts';
import type { BatchRecipe } from './batch-recipe.ts';
import { LoaderThread } from './loader-thread.ts';
import type { BatchSource, ThreadData } from './messages.ts';

export interface BatchLoaderOptions extends ThreadData {
  /** 1 to 64. @default half of the processor's cores, at most 4: TensorFlow wants the others */
  readonly threads?: number | undefined;
  /**
   * Batches that may be there before they are asked for, 1 to 64. Each takes 16 bytes a pixel or so: 4 MB an
   * image at 512 x 512. @default 4
   */
  readonly depth?: number | undefined;
  /** The threads' entry file; a test may give its own. */
  readonly entry?: string | undefined;
}

export interface BatchesOptions extends BatchSource {
  readonly recipes: readonly BatchRecipe[];
  /** Ends the stream: who waits for a batch gets the signal's reason at once. */
  readonly signal?: AbortSignal | undefined;
}

/** `batch-thread.ts` from source, `batch-thread.js` from `dist`. */
const ENTRY = fileURLToPath(
  new URL(
    `./batch-thread${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
    import.meta.url,
  ),
);
const MAX_DEFAULT_THREADS = 4;
const DEFAULT_DEPTH = 4;
/** A thread that is in the middle of a download is not waited for. */
const END_GRACE_MS = 5_000;

/** Owns the threads. They start with the first stream and are kept for the next ones. */
export class BatchLoader implements AsyncDisposable {
  readonly #entry: string;
  readonly #data: ThreadData;
  readonly #count: number;
  readonly #depth: number;
  #threads: readonly LoaderThread[] = [];
  #streams = 0;

  /** Throws `LoaderOptionError`. */
  constructor(options: BatchLoaderOptions) {
    const { store, cacheFolder, entry = ENTRY, depth = DEFAULT_DEPTH } = options;
    const { threads = defaultThreads() } = options;
    this.#entry = entry;
    this.#data = { store, cacheFolder };
    this.#count = requireSmallCount('threads', threads);
    this.#depth = requireSmallCount('depth', depth);
  }

  /**
   * The batches in the order of `recipes`; the first few are begun at once. What goes wrong with a batch is
   * thrown where it would be: `RemoteBatchError` (with name, code and values of what was thrown in the
   * thread), `BatchThreadDiedError`, the signal's reason.
   */
  batches({ recipes, signal, ...source }: BatchesOptions): BatchStream {
    const running = this.#threads.filter(({ alive }) => alive);
    const missing = Array.from(
      { length: this.#count - running.length },
      () => new LoaderThread(this.#entry, this.#data),
    );
    this.#threads = [...running, ...missing];
    const options = { threads: this.#threads, depth: this.#depth, number: this.#streams++ };
    return new BatchStream({ ...options, recipes, source, signal });
  }

  /** Ends the threads and waits until they are gone. */
  async [Symbol.asyncDispose](): Promise<void> {
    const threads = this.#threads;
    this.#threads = [];
    await Promise.all(threads.map((thread) => thread.end(END_GRACE_MS)));
  }
}

interface BatchStreamOptions {
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

function defaultThreads(): number {
  return Math.min(Math.max(1, Math.floor(availableParallelism() / 2)), MAX_DEFAULT_THREADS);
}

function requireSmallCount(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value;
  throw new LoaderOptionError(option, value);
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

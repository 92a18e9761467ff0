/**
 * The batches of an epoch, made by threads while TensorFlow blocks this one. However many threads there are and
 * whichever is faster: the order is that of the recipes, and each batch is the same to the bit.
 */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { LoaderOptionError } from '../errors.ts';
import type { BatchRecipe } from './batch-recipe.ts';
import { BatchStream } from './batch-stream.ts';
import { LoaderThread } from './loader-thread.ts';
import type { BatchSource, ThreadData } from './messages.ts';

export interface BatchLoaderOptions extends ThreadData {
  /** 1 to 64. @default half of the processor's cores, at most 4: TensorFlow wants the others */
  readonly threads?: number | undefined;
  /**
   * Batches that may be there before they are asked for, 1 to 64. With mini masks, 16 bytes a pixel: 4 MB an
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

function defaultThreads(): number {
  return Math.min(Math.max(1, Math.floor(availableParallelism() / 2)), MAX_DEFAULT_THREADS);
}

function requireSmallCount(option: string, value: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= 64) return value;
  throw new LoaderOptionError(option, value);
}

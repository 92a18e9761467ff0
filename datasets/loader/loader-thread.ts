/** The loader's hold on one of its threads: its start, the batches asked of it, its end. */
import type { Worker } from 'node:worker_threads';
import type { TrainBatch } from '../../maskrcnn/training/batch.ts';
import { BatchStreamClosedError, BatchThreadDiedError, RemoteBatchError } from '../errors.ts';
import type { BatchRecipe } from './batch-recipe.ts';
import type { FromThread, ThreadData, ToThread } from './messages.ts';
import { startThread } from './start-thread.ts';

interface Wanted {
  readonly stream: number;
  readonly resolve: (batch: TrainBatch) => void;
  readonly reject: (error: Error) => void;
}

export class LoaderThread {
  readonly #worker: Worker;
  readonly #wanted = new Map<number, Wanted>();
  readonly #exit: Promise<void>;
  #started = false;
  #death: BatchThreadDiedError | undefined;
  #nextId = 0;

  /** Starts the thread and does not wait for it. `entry` is the file of the thread's code. */
  constructor(entry: string, data: ThreadData) {
    this.#worker = startThread(entry, data);
    let cause: unknown;
    this.#worker.on('message', (message: FromThread) => this.#hear(message));
    this.#worker.on('error', (error) => (cause = error));
    // A batch that cannot be received would be waited for in vain.
    this.#worker.on('messageerror', (error) => {
      cause = error;
      void this.#worker.terminate();
    });
    this.#exit = new Promise((resolve) => {
      this.#worker.once('exit', (exitCode) => {
        const death = new BatchThreadDiedError({ exitCode, started: this.#started, cause });
        this.#death = death;
        for (const { reject } of this.#wanted.values()) reject(death);
        this.#wanted.clear();
        resolve();
      });
    });
  }

  get alive(): boolean {
    return this.#death === undefined;
  }

  /** Batches asked for and not there yet. */
  get load(): number {
    return this.#wanted.size;
  }

  send(message: ToThread): void {
    this.#worker.postMessage(message);
  }

  /** Rejects with `RemoteBatchError` for what failed in the thread, and `BatchThreadDiedError`. */
  make(stream: number, recipe: BatchRecipe): Promise<TrainBatch> {
    if (this.#death !== undefined) return Promise.reject(this.#death);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#wanted.set(id, { stream, resolve, reject });
      this.send({ type: 'make', stream, id, recipe });
    });
  }

  /** Rejects what was asked for on this stream; a batch that is being made is thrown away. */
  forget(stream: number): void {
    this.send({ type: 'close', stream });
    for (const [id, wanted] of this.#wanted) {
      if (wanted.stream !== stream) continue;
      this.#wanted.delete(id);
      wanted.reject(new BatchStreamClosedError());
    }
  }

  /** Asks the thread to go, insists after `graceMs`, and returns when it is gone. */
  async end(graceMs: number): Promise<void> {
    this.send({ type: 'end' });
    const timer = setTimeout(() => void this.#worker.terminate(), graceMs);
    await this.#exit;
    clearTimeout(timer);
  }

  #hear(message: FromThread): void {
    if (message.type === 'ready') {
      this.#started = true;
      return;
    }
    const wanted = this.#wanted.get(message.id);
    this.#wanted.delete(message.id);
    if (message.type === 'batch') wanted?.resolve(message.batch);
    else wanted?.reject(new RemoteBatchError(message.error));
  }
}

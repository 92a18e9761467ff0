/** The trainer's hold on its upload thread: started with the first checkpoint, and again should it die. */
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { LesionFlowError } from '../../contracts/errors.ts';
import type { CheckpointRef } from '../../contracts/references.ts';
import { startThread } from '../../datasets/loader/start-thread.ts';
import type { ErrorData } from '../../datasets/loader/messages.ts';
import type { FromUploadThread, ToUploadThread, UploadJob, UploadThreadData } from './messages.ts';

interface Waiting {
  readonly onBytes: (bytes: number) => void;
  readonly resolve: (checkpoint: CheckpointRef) => void;
  readonly reject: (error: Error) => void;
}

/** What was thrown in the upload thread, with its name, code and values. */
export class RemoteUploadError extends LesionFlowError {
  constructor({ name, message, stack, ...details }: ErrorData) {
    super(message, details);
    this.name = name;
    if (stack !== undefined) this.stack = stack;
  }
}

/** The thread went away with a checkpoint under way. */
export class UploadThreadDiedError extends LesionFlowError {
  constructor(exitCode: number, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : `exit code ${String(exitCode)}`;
    super(
      `The thread that uploads checkpoints died (${reason}). Another one is started for the next checkpoint.`,
      { code: 'upload-thread-died', retryable: true, values: { exitCode, reason }, cause },
    );
  }
}

/** `upload-thread.ts` from source, `upload-thread.js` from `dist`. */
const ENTRY = fileURLToPath(
  new URL(
    `./upload-thread${import.meta.url.slice(import.meta.url.lastIndexOf('.'))}`,
    import.meta.url,
  ),
);

export class CheckpointUploader {
  readonly #data: UploadThreadData;
  readonly #waiting = new Map<number, Waiting>();
  #thread: Worker | undefined;
  #nextId = 0;

  constructor(data: UploadThreadData) {
    this.#data = data;
  }

  /**
   * The reference to the checkpoint once it is in the store; `onBytes` hears now and then how much has moved.
   * Rejects with `RemoteUploadError` and `UploadThreadDiedError`.
   */
  upload(job: UploadJob, onBytes: (bytes: number) => void): Promise<CheckpointRef> {
    this.#thread ??= this.#start();
    const id = this.#nextId++;
    const thread = this.#thread;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { onBytes, resolve, reject });
      thread.postMessage({ id, job } satisfies ToUploadThread);
    });
  }

  #start(): Worker {
    const thread = startThread(ENTRY, this.#data);
    let cause: unknown;
    thread.on('error', (error) => (cause = error));
    thread.on('message', (message: FromUploadThread) => this.#hear(message));
    thread.once('exit', (exitCode) => {
      this.#thread = undefined;
      const death = new UploadThreadDiedError(exitCode, cause);
      for (const { reject } of this.#waiting.values()) reject(death);
      this.#waiting.clear();
    });
    return thread;
  }

  #hear(message: FromUploadThread): void {
    const waiting = this.#waiting.get(message.id);
    if (message.type === 'moved') {
      waiting?.onBytes(message.bytes);
      return;
    }
    this.#waiting.delete(message.id);
    if (message.type === 'saved') waiting?.resolve(message.checkpoint);
    else waiting?.reject(new RemoteUploadError(message.error));
  }
}

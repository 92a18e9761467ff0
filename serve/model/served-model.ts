/**
 * The version that answers. Another one is loaded beside it, in a process of its own, and takes over when it is
 * ready; a process that ends by itself is started again.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { ModelVersionManifest } from '../../contracts/manifests.ts';
import type { Found, PredictionQuery } from '../api.ts';
import { InferenceDiedError, InferenceTimeoutError, NoModelError } from '../errors.ts';
import { InferenceProcess } from '../inference/inference-process.ts';

/** A version whose files are on this machine. */
export interface LocalVersion {
  readonly manifest: ModelVersionManifest;
  readonly weightsPath: string;
}

export interface ServedModelOptions {
  /** For compiled graphs. */
  readonly cacheFolder: string;
  /** Milliseconds that one picture may take, from when it is its turn. */
  readonly timeoutMs: number;
  readonly log: Logger;
}

export interface Answer {
  readonly manifest: ModelVersionManifest;
  readonly found: Found;
}

interface Current {
  readonly version: LocalVersion;
  /** The process, or the one that is about to take the place of one that ended. */
  process: Promise<InferenceProcess>;
  isUp: boolean;
}

const LONGEST_PAUSE_MS = 60_000;

export class ServedModel {
  readonly #options: ServedModelOptions;
  readonly #closing = new AbortController();
  #current: Current | undefined;
  /** The end of the version before, which may still have a picture in it. */
  #retired: Promise<void> = Promise.resolve();

  constructor(options: ServedModelOptions) {
    this.#options = options;
  }

  get version(): LocalVersion | undefined {
    return this.#current?.version;
  }

  /** Is there a process to answer now? */
  get isUp(): boolean {
    return this.#current?.isUp === true;
  }

  /** Of the process that answers now. */
  async pid(): Promise<number | undefined> {
    return (await this.#current?.process)?.pid;
  }

  /** Loads `version` and lets it answer from then on. Throws `InferenceStartError`; the old one then goes on. */
  async use(version: LocalVersion): Promise<void> {
    const process = await this.#start(version);
    if (this.#closing.signal.aborted) return process.stop();
    const before = this.#current;
    this.#current = { version, process: Promise.resolve(process), isUp: true };
    this.#watch(this.#current, process);
    this.#retired = Promise.all([this.#retired, this.#retire(before)]).then(() => undefined);
  }

  /**
   * The instances on one picture; one call at a time (`WaitingLine`).
   * @throws NoModelError, and what `InferenceProcess.predict` throws.
   */
  async predict(picture: Uint8Array, query: PredictionQuery): Promise<Answer> {
    const current = this.#current;
    if (current === undefined) throw new NoModelError('No model is loaded yet.');
    const { timeoutMs } = this.#options;
    const late = new AbortController();
    const process = await Promise.race([
      current.process,
      sleep(timeoutMs, undefined, { signal: late.signal }).then(() => {
        throw new InferenceTimeoutError(timeoutMs);
      }),
    ]).finally(() => late.abort());
    this.#options.log.debug(
      { version: current.version.manifest.version },
      'a picture goes to the model',
    );
    try {
      const found = await process.predict({ picture, ...query }, { timeoutMs });
      return { manifest: current.version.manifest, found };
    } catch (error) {
      // Another version took over just before: the old process left, it did not die.
      const wasReplaced = this.#current !== undefined && this.#current !== current;
      if (error instanceof InferenceDiedError && wasReplaced) return this.predict(picture, query);
      throw error;
    }
  }

  /** Ends the process, after the picture that is in it; one that is loading ends at once. */
  async close(): Promise<void> {
    this.#closing.abort();
    const current = this.#current;
    this.#current = undefined;
    await Promise.all([this.#retired, this.#retire(current)]);
  }

  async #retire(current: Current | undefined): Promise<void> {
    // One that is being started again ends as soon as it sees that it is not wanted.
    const process = await current?.process.catch(() => undefined);
    await process?.stop();
  }

  #start({ manifest, weightsPath }: LocalVersion): Promise<InferenceProcess> {
    const { cacheFolder, log } = this.#options;
    const { config, classNames } = manifest;
    return InferenceProcess.start({
      load: { config, classNames, weightsPath, cacheFolder },
      signal: this.#closing.signal,
      onLog: ({ level, message, fields }) => log[level]({ from: 'inference', ...fields }, message),
    });
  }

  #watch(current: Current, process: InferenceProcess): void {
    void process.ended.then((how) => {
      if (this.#current !== current) return;
      this.#options.log.error(
        { how },
        'the process that holds the model ended; it is started again',
      );
      current.isUp = false;
      current.process = this.#startAgain(current, how);
      // Whoever waits for it hears of it; where nobody does, the log has it.
      current.process.catch(() => undefined);
    });
  }

  async #startAgain(current: Current, how: string): Promise<InferenceProcess> {
    for (let pauseMs = 1_000; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const process = await this.#start(current.version);
        current.isUp = true;
        this.#watch(current, process);
        return process;
      } catch (error) {
        this.#options.log.error({ err: error, pauseMs }, 'the model cannot be loaded again');
      }
      const { signal } = this.#closing;
      if (!signal.aborted) await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
      if (this.#current !== current) throw new InferenceDiedError(how);
    }
  }
}

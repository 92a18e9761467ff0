/** A process of the plant that is started again whenever it ends, as a cluster would. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What servers and workers (infra/) have in common. */
export interface Part {
  /** The process itself, not its guardian. */
  readonly pid: number;
  /** Settles when it has ended, by whatever cause. */
  readonly exited: Promise<unknown>;
  stop(): Promise<unknown>;
}

export interface KeptPartOptions {
  readonly name: string;
  readonly start: () => Promise<Part>;
  /** Told of each end, and of starts that failed. */
  readonly onNotice: (notice: string) => void;
}

/** Between an end and the next start, and between two tries to start, in ms. */
const RESTART_PAUSE_MS = 1_000;

export class KeptPart implements AsyncDisposable {
  readonly #options: KeptPartOptions;
  readonly #stopping = new AbortController();
  readonly #kept: Promise<void>;
  #part: Part;
  #isAway = false;
  #pauseMs = RESTART_PAUSE_MS;

  private constructor(options: KeptPartOptions, part: Part) {
    this.#options = options;
    this.#part = part;
    this.#kept = this.#keep();
  }

  static async start(options: KeptPartOptions): Promise<KeptPart> {
    return new KeptPart(options, await options.start());
  }

  /** Of the process that runs now, or of the one that ran last. */
  get pid(): number {
    return this.#part.pid;
  }

  /** Has it ended, and is it not back yet? */
  get isAway(): boolean {
    return this.#isAway;
  }

  /** Stays away for so long after its next end, in ms. */
  stayAwayFor(ms: number): void {
    this.#pauseMs = ms;
  }

  /** Lets `other`, which runs beside it already, take its place; gives back the one before, for the caller to stop. */
  replaceBy(other: Part): Part {
    const before = this.#part;
    this.#part = other;
    return before;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#part.stop();
    await this.#kept;
    await this.#part.stop();
  }

  async #keep(): Promise<void> {
    const isStopping = () => this.#stopping.signal.aborted;
    while (!isStopping()) {
      const part = this.#part;
      await part.exited;
      if (isStopping()) return;
      // Another one may have taken its place meanwhile.
      if (part !== this.#part) continue;
      this.#isAway = true;
      this.#options.onNotice(`${this.#options.name} ended (process ${part.pid})`);
      await this.#restart();
      this.#isAway = false;
    }
  }

  async #restart(): Promise<void> {
    const { signal } = this.#stopping;
    for (;;) {
      await sleep(this.#pauseMs, undefined, { signal }).catch(() => undefined);
      if (signal.aborted) return;
      this.#pauseMs = RESTART_PAUSE_MS;
      try {
        this.#part = await this.#options.start();
        this.#options.onNotice(`${this.#options.name} runs again (process ${this.#part.pid})`);
        return;
      } catch (error) {
        this.#options.onNotice(`${this.#options.name} cannot be started: ${String(error)}`);
      }
    }
  }
}

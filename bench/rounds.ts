/**
 * The order of a fair comparison: all contestants are prepared and warmed up, then every round runs each once
 * in turn, so that whatever slows the machine down for a while slows all of them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Contestant, type Command } from './contestant.ts';
import type { Prepare, Ran } from './protocol.ts';
import { failed, finished } from './entries.ts';
import type { Entry } from './results.ts';

export interface Entrant {
  readonly name: string;
  readonly command: Command;
  /** Counted runs at most. @default all rounds */
  readonly mostRounds?: number;
}

export interface RoundsOptions {
  readonly entrants: readonly Entrant[];
  readonly request: Omit<Prepare, 'do'>;
  readonly rounds: number;
  readonly warmUps: number;
  /** What the counted runs of one contestant may take together, in ms: slow ones get fewer, at least two. */
  readonly budgetMs: number;
}

const LEAST_ROUNDS = 2;
/** In ms: threads of the one before may spin for a while after their work. */
const PAUSE_MS = 300;

/** One entry an entrant, in their order. Never throws for what a contestant does. */
export async function inRounds(options: RoundsOptions): Promise<Entry[]> {
  const { entrants, rounds } = options;
  const runners = entrants.map((entrant) => new Runner(entrant, options));
  try {
    for (const runner of runners) await runner.warmUp();
    for (let round = 0; round < rounds; round++) {
      for (const runner of runners) await runner.take(round);
    }
    for (const runner of runners) await runner.end();
    return runners.map((runner) => runner.entry);
  } finally {
    for (const runner of runners) await runner[Symbol.asyncDispose]();
  }
}

/** How many of `rounds` a contestant takes part in, whose last warm-up took so long. */
export function roundsFor(
  warmUpMs: number,
  { rounds, budgetMs }: Pick<RoundsOptions, 'rounds' | 'budgetMs'>,
): number {
  return Math.min(rounds, Math.max(LEAST_ROUNDS, Math.floor(budgetMs / warmUpMs)));
}

/** Is it the turn of a contestant that takes part in `count` of `rounds`, spread evenly? */
export function takesPart(round: number, count: number, rounds: number): boolean {
  return Math.floor(((round + 1) * count) / rounds) > Math.floor((round * count) / rounds);
}

class Runner implements AsyncDisposable {
  readonly #entrant: Entrant;
  readonly #options: RoundsOptions;
  readonly #contestant: Contestant;
  readonly #warmUps: Ran[] = [];
  readonly #runs: Ran[] = [];
  #library = '';
  #count = 0;
  #entry: Entry | undefined;

  constructor(entrant: Entrant, options: RoundsOptions) {
    this.#entrant = entrant;
    this.#options = options;
    this.#contestant = new Contestant(entrant.command);
  }

  get entry(): Entry {
    const { name } = this.#entrant;
    return this.#entry ?? { name, outcome: 'did not finish', reason: 'was not ended' };
  }

  warmUp(): Promise<void> {
    const { request, rounds, warmUps } = this.#options;
    return this.#attempt(async () => {
      this.#library = await this.#contestant.prepare(request);
      for (let i = 0; i < warmUps; i++) this.#warmUps.push(await this.#contestant.run());
      const last = this.#warmUps.at(-1)?.milliseconds ?? 0;
      const { mostRounds = rounds } = this.#entrant;
      this.#count = Math.min(mostRounds, roundsFor(last, this.#options));
    });
  }

  take(round: number): Promise<void> {
    return this.#attempt(async () => {
      if (!takesPart(round, this.#count, this.#options.rounds)) return;
      await sleep(PAUSE_MS);
      this.#runs.push(await this.#contestant.run());
    });
  }

  end(): Promise<void> {
    return this.#attempt(async () => {
      const ended = await this.#contestant.end();
      this.#entry = finished({
        name: this.#entrant.name,
        library: this.#library,
        warmUps: this.#warmUps,
        runs: this.#runs,
        ended,
      });
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#contestant[Symbol.asyncDispose]();
  }

  /** Does nothing more for a contestant that failed, and frees what it held for the others. */
  async #attempt(work: () => Promise<void>): Promise<void> {
    if (this.#entry !== undefined) return;
    try {
      await work();
    } catch (error) {
      this.#entry = failed(this.#entrant.name, error);
      await this[Symbol.asyncDispose]();
    }
  }
}

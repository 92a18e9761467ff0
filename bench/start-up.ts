/**
 * How long a process takes from its start to the end of its first training step: a new process a round, ours
 * with an empty cache and again with what that left there, then the peers, in turn.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Contestant, type Command } from './contestant.ts';
import { failed, finished } from './entries.ts';
import type { Ended, Prepare, Ran } from './protocol.ts';
import type { Entry } from './results.ts';
import type { Entrant } from './rounds.ts';

export interface StartUpOptions {
  /** Those whose command caches are told apart: see `cached`. */
  readonly entrants: readonly StartUpEntrant[];
  readonly request: Omit<Prepare, 'do'>;
  readonly rounds: number;
  readonly warmUps: number;
  /** For the caches. */
  readonly folder: string;
}

export interface StartUpEntrant extends Entrant {
  /** The command with this folder as its cache: it is then started twice a round, cold and warm. */
  readonly cached?: (cacheFolder: string) => Command;
}

interface Tally {
  readonly name: string;
  readonly warmUps: Ran[];
  readonly runs: Ran[];
  library: string;
  ended: Ended;
  entry: Entry | undefined;
}

/** One entry an entrant, two for one with a cache, in their order. */
export async function startUps(options: StartUpOptions): Promise<Entry[]> {
  const { entrants, rounds, warmUps, folder } = options;
  const tallies = entrants.map(({ name, cached }) =>
    (cached === undefined ? [name] : [`${name}, cold cache`, `${name}, warm cache`]).map(newTally),
  );
  for (let round = -warmUps; round < rounds; round++) {
    for (const [index, entrant] of entrants.entries()) {
      const cache = await mkdtemp(join(folder, 'cache-'));
      const command = entrant.cached?.(cache) ?? entrant.command;
      for (const tally of tallies[index] ?? []) {
        await startOnce(tally, { command, counted: round >= 0, ...options });
      }
      await rm(cache, { recursive: true, force: true });
    }
  }
  return tallies.flat().map((tally) => tally.entry ?? finished(tally));
}

const NOTHING: Ended = { kind: 'ended', peakResidentBytes: 0 };

function newTally(name: string): Tally {
  return { name, warmUps: [], runs: [], library: '', ended: NOTHING, entry: undefined };
}

async function startOnce(
  tally: Tally,
  {
    command,
    counted,
    request,
  }: Pick<StartUpOptions, 'request'> & {
    readonly command: Command;
    readonly counted: boolean;
  },
): Promise<void> {
  if (tally.entry !== undefined) return;
  const began = performance.now();
  const contestant = new Contestant(command);
  try {
    tally.library = await contestant.prepare(request);
    const ran = await contestant.run();
    const milliseconds = performance.now() - began;
    (counted ? tally.runs : tally.warmUps).push({
      ...ran,
      milliseconds,
      parts: { step: ran.milliseconds },
    });
    const ended = await contestant.end();
    if (ended.peakResidentBytes > tally.ended.peakResidentBytes) tally.ended = ended;
  } catch (error) {
    tally.entry = failed(tally.name, error);
  } finally {
    await contestant[Symbol.asyncDispose]();
  }
}

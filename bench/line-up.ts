/** Who takes part in which case, and by which command each is started. */
import { fileURLToPath } from 'node:url';
import { tensorflowSettings } from '../trainer/tensorflow-settings.ts';
import { caseName, isTraining, type BenchCase } from './cases.ts';
import type { Command } from './contestant.ts';
import { EAGER, OURS, TORCHVISION, type Entry } from './results.ts';
import type { StartUpEntrant } from './start-up.ts';

export const peers = ['torchvision', 'eager'] as const;
export type Peer = (typeof peers)[number];

export interface LineUpOptions {
  readonly peers: readonly Peer[];
  /** A Python that has torchvision; `undefined` where there is none, with the reason. */
  readonly python: string | undefined;
  readonly whyNoPython: string;
  readonly memoryBytes: number;
  /** Of ours, for what outlives a process. */
  readonly cacheFolder: string;
}

export interface LineUp {
  readonly entrants: readonly StartUpEntrant[];
  /** Those who were asked for and cannot take part. */
  readonly leftOut: readonly Entry[];
}

const LAYOUTS = ['contiguous', 'channels_last'] as const;
/** An eager step keeps every intermediate tensor; bytes a pixel of the batch, measured, with some room. */
const EAGER_BYTES = { fixed: 3e9, aPixel: 6_000 } as const;
/** Of the machine's memory, that a contestant may be expected to fill. */
const MEMORY_SHARE = 0.75;
const EAGER_ROUNDS = 3;

export function lineUp(benchCase: BenchCase, options: LineUpOptions): LineUp {
  const leftOut: Entry[] = [];
  const entrants: StartUpEntrant[] = [ours(options.cacheFolder)];
  // Reading data has no peer: torchvision leaves it to its users.
  if (benchCase.kind === 'load') return { entrants, leftOut };
  if (options.peers.includes('torchvision')) {
    if (options.python === undefined) {
      leftOut.push({ name: TORCHVISION, outcome: 'left out', reason: options.whyNoPython });
    } else {
      entrants.push(...torchvision(options.python));
    }
  }
  if (options.peers.includes('eager')) {
    const reason = whyNotEager(benchCase, options.memoryBytes);
    if (reason === undefined) entrants.push(eager());
    else leftOut.push({ name: EAGER, outcome: 'left out', reason });
  }
  return { entrants, leftOut };
}

/** Why the eager contestant is not asked to do a case, or `undefined`. */
export function whyNotEager(benchCase: BenchCase, memoryBytes: number): string | undefined {
  const { size, batch, precision } = benchCase;
  if (precision !== 'float32') return 'TensorFlow.js has no bfloat16';
  const needed = EAGER_BYTES.fixed + EAGER_BYTES.aPixel * batch * size * size;
  if (!isTraining(benchCase) || needed <= MEMORY_SHARE * memoryBytes) return undefined;
  const gigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(0)} GB`;
  return (
    `an eager ${caseName(benchCase)} would need about ${gigabytes(needed)}, more than ` +
    `${String(100 * MEMORY_SHARE)} % of the machine's ${gigabytes(memoryBytes)}`
  );
}

function ours(cacheFolder: string): StartUpEntrant {
  const cached = (folder: string) => typescript('lesionflow.ts', { LESIONFLOW_CACHE: folder });
  return { name: OURS, command: cached(cacheFolder), cached };
}

function eager(): StartUpEntrant {
  return { name: EAGER, command: typescript('eager.ts'), mostRounds: EAGER_ROUNDS };
}

function torchvision(python: string): StartUpEntrant[] {
  return LAYOUTS.map((layout) => ({
    name: `${TORCHVISION}, ${layout.replace('_', ' ')}`,
    command: { command: python, args: [contestantPath('torchvision_peer.py'), layout] },
  }));
}

/** Started as the trainer is. */
function typescript(file: string, environment: NodeJS.ProcessEnv = {}): Command {
  return {
    command: process.execPath,
    args: ['--import', LOADER, contestantPath(file)],
    environment: { TF_CPP_MIN_LOG_LEVEL: '2', ...tensorflowSettings(), ...environment },
  };
}

const LOADER = new URL('../infra/typescript-loader.mjs', import.meta.url).href;

const contestantPath = (file: string) =>
  fileURLToPath(new URL(`./contestants/${file}`, import.meta.url));

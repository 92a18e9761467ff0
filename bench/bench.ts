/**
 * `npm run bench`: LesionFlow beside torchvision's Mask R-CNN and eager TensorFlow.js, on this machine, with the
 * same work, in turn. Writes every raw time as JSON, a chart, and a page with tables from the newest results.
 */
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { totalmem, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { benchCases, caseName, type BenchCase } from './cases.ts';
import { BenchError } from './errors.ts';
import { lineUp, type LineUpOptions } from './line-up.ts';
import { describeMachine, load, untilQuiet } from './machine.ts';
import { parseOptions, weightsCandidate, type BenchOptions } from './options.ts';
import { installPeer, readyPython } from './peers/torchvision.ts';
import { findPictures, writePictures, type PictureSource } from './pictures.ts';
import { writeResults } from './publish.ts';
import { median, type CaseResult, type Entry, type Results } from './results.ts';
import { inRounds } from './rounds.ts';
import { startUps } from './start-up.ts';

const say = (line: string) => void process.stderr.write(`${line}\n`);

/** How long to wait for other work to end, in ms. */
const PATIENCE_MS = 60_000;
/** Start-ups are slow and vary little. */
const MOST_START_UPS = 3;

try {
  await bench(parseOptions(process.argv));
} catch (error) {
  if (!(error instanceof BenchError)) throw error;
  say(error.message);
  process.exitCode = 1;
}

async function bench(options: BenchOptions): Promise<void> {
  const machine = await describeMachine();
  const cases = benchCases({ ...options, batches: options.batch, precisions: options.precision });
  const python = await pythonFor(options);
  const warning = await untilQuiet({ patienceMs: options.short ? 0 : PATIENCE_MS, say });
  if (warning !== undefined) say(`warning: ${warning}`);
  const before = load();
  const folder = await mkdtemp(join(tmpdir(), 'lesionflow-bench-'));
  try {
    const largest = Math.max(...cases.map(({ batch }) => batch));
    const pictures = await findPictures(options.pictures, largest);
    const weights = weightsFile();
    const tools = { options, folder, pictures, weights, python };
    const results: CaseResult[] = [];
    for (const [index, benchCase] of cases.entries()) {
      say(`${String(index + 1)} of ${String(cases.length)}: ${caseName(benchCase)}`);
      results.push({ case: benchCase, entries: await measure(benchCase, tools) });
    }
    const written = await writeResults(options.out, {
      date: new Date().toISOString(),
      arguments: process.argv.slice(2),
      machine,
      load: { before, after: load() },
      warnings: warning === undefined ? [] : [warning],
      pictures: pictures.description,
      weights: weights === null ? 'initial ones' : basename(weights),
      cases: results,
    } satisfies Results);
    say(written.map((path) => `wrote ${path}`).join('\n'));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Tools {
  readonly options: BenchOptions;
  /** Gone at the end. */
  readonly folder: string;
  readonly pictures: PictureSource;
  readonly weights: string | null;
  readonly python: Pick<LineUpOptions, 'python' | 'whyNoPython'>;
}

async function measure(
  benchCase: BenchCase,
  { options, folder, pictures, weights, python }: Tools,
): Promise<Entry[]> {
  const { size, batch, kind } = benchCase;
  const files = await writePictures(pictures, { folder: join(folder, 'pictures'), size });
  const { entrants, leftOut } = lineUp(benchCase, {
    ...python,
    peers: options.peers,
    memoryBytes: totalmem(),
    cacheFolder: join(folder, 'cache'),
  });
  const { rounds, warmUps } = options;
  const request = { case: benchCase, pictures: files.slice(0, batch), weights };
  const entries =
    kind === 'start-up'
      ? await startUps({
          entrants,
          folder,
          // Its own weights are none that a start has to wait for.
          request: { ...request, weights: null },
          rounds: Math.min(rounds, MOST_START_UPS),
          warmUps: 1,
        })
      : await inRounds({ entrants, request, rounds, warmUps, budgetMs: 1000 * options.budget });
  const all = [...entries, ...leftOut];
  for (const entry of all) say(`  ${summary(entry)}`);
  return all;
}

function summary(entry: Entry): string {
  if (entry.outcome !== 'finished') {
    return `${entry.name}: ${entry.outcome} (${entry.reason.split('\n')[0] ?? ''})`;
  }
  const { name, milliseconds, peakResidentBytes } = entry;
  const gigabytes = (peakResidentBytes / 1e9).toFixed(1);
  const runs = String(milliseconds.length);
  return `${name}: ${median(milliseconds).toFixed(0)} ms (runs: ${runs}), ${gigabytes} GB`;
}

function weightsFile(): string | null {
  const path = weightsCandidate();
  if (existsSync(path)) return path;
  if (process.env['LESIONFLOW_BENCH_WEIGHTS'] === undefined) return null;
  throw new BenchError(
    `LESIONFLOW_BENCH_WEIGHTS=${path} is not there: give a .h5 file, or leave it out`,
  );
}

async function pythonFor({ peers, short }: BenchOptions): Promise<Tools['python']> {
  const whyNoPython = 'torchvision is not installed, and --short downloads nothing';
  if (!peers.includes('torchvision')) return { python: undefined, whyNoPython };
  const ready = await readyPython();
  if (ready !== undefined || short) return { python: ready, whyNoPython };
  return { python: await installPeer(), whyNoPython };
}

/**
 * A whole harness: the plant, one undisturbed run to compare with, then disturbed runs until the time is over.
 * Every run has a data set and a model of its own, so that it does all its steps and its publication can be judged.
 */
import { randomBytes } from 'node:crypto';
import { appendFileSync, mkdirSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { writeSyntheticArchives } from '../datasets/synthetic-archive.ts';
import { startFileServer } from '../infra/servers/file-server.ts';
import { disturbedRun, type RunReport } from './disturbed-run.ts';
import { NoReferenceError } from './errors.ts';
import { judge, prefixesOf } from './judge.ts';
import type { FinalState } from './oracles/final-state.ts';
import { leftovers } from './oracles/orphans.ts';
import type { Violation } from './oracles/violation.ts';
import type { Pace } from './oracles/work-lost.ts';
import { startPlant, type Plant } from './plant.ts';
import { signalTo } from './processes.ts';
import { chaosRequest, type RunLength } from './recipe.ts';
import type { PlannedFault } from './schedule.ts';
import { plantSecrets, type PlantedSecret } from './secrets.ts';

export interface SessionOptions {
  readonly seed: number;
  /** Emptied at the start; the logs stay in it, and after a violation all else. */
  readonly folder: string;
  readonly length: RunLength;
  /** The faults of one run after another; no run begins after `deadline`. */
  readonly runs: Iterable<readonly PlannedFault[]>;
  /** As `performance.now()` has it. */
  readonly deadline: number;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface JudgedRun {
  readonly report: RunReport;
  readonly violations: readonly Violation[];
}

export interface SessionResult {
  readonly reference: JudgedRun | undefined;
  readonly runs: readonly JudgedRun[];
  /** Of the harness's end: processes that were left. */
  readonly violations: readonly Violation[];
  /** What stopped it before its time, if anything did. */
  readonly stoppedBy: unknown;
}

/** Few pictures: what the pipeline does with each is not what is tried here. */
const PICTURES = { count: 40, size: 96, seed: 7 } as const;
/** Writing and sending a checkpoint of this recipe, on a busy machine. */
const SAVE_SECONDS = 4;

/** Never throws for what a run or its end did: all that was found until then is in the result. */
export async function runSession(options: SessionOptions): Promise<SessionResult> {
  const { folder } = options;
  const mark = `${basename(folder)}-${randomBytes(6).toString('hex')}`;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const session = new Session(options, mark);
  let stoppedBy: unknown;
  try {
    await session.run();
  } catch (error) {
    stoppedBy = error;
  }
  const violations = await leftovers(mark);
  const result = { reference: session.reference, runs: session.runs, violations, stoppedBy };
  if (!hasFailed(result)) clean(folder);
  return result;
}

export const hasFailed = ({ reference, runs, violations, stoppedBy }: SessionResult): boolean =>
  stoppedBy !== undefined ||
  [...(reference?.violations ?? []), ...runs.flatMap((run) => run.violations), ...violations]
    .length > 0;

interface OneRun {
  readonly plant: Plant;
  /** Of both archives. */
  readonly urls: Readonly<Record<'images' | 'masks', string>>;
  readonly faults: readonly PlannedFault[];
}

class Session {
  readonly #options: SessionOptions;
  readonly #mark: string;
  readonly #secrets = plantSecrets();
  readonly runs: JudgedRun[] = [];
  reference: JudgedRun | undefined;
  #referenceState: FinalState | undefined;

  constructor(options: SessionOptions, mark: string) {
    this.#options = options;
    this.#mark = mark;
  }

  async run(): Promise<void> {
    const { folder, runs, deadline, say, signal } = this.#options;
    const pictures = join(folder, 'pictures');
    const archives = await writeSyntheticArchives({ folder: pictures, ...PICTURES });
    await using files = await startFileServer({ folder: pictures });
    const urls = {
      images: `${files.url}/${basename(archives.images)}`,
      masks: `${files.url}/${basename(archives.masks)}`,
    };
    const secrets = this.#secrets;
    const onNotice = (notice: string) => this.#log({ notice });
    await using plant = await startPlant({ folder, mark: this.#mark, secrets, onNotice });
    if (plant.noFullDisk !== undefined) say(`"disk full" is left out: ${plant.noFullDisk}`);

    const began = performance.now();
    const { judged, state } = await this.#oneRun({ plant, urls, name: 'reference', faults: [] });
    this.reference = judged;
    if (state === undefined) {
      const { state: end, failure = '' } = judged.report;
      throw new NoReferenceError({ state: end, failure, folder });
    }
    this.#referenceState = state;
    say(
      `reference run: ${((performance.now() - began) / 1000).toFixed(0)} s, weights ${state.files.weights?.slice(0, 12) ?? ''}`,
    );

    for (const faults of runs) {
      if (performance.now() > deadline) return;
      signal.throwIfAborted();
      const judged = await this.#disturbedRun({ plant, urls, faults });
      this.runs.push(judged);
      if (judged.report.result === undefined) await startAnew(plant);
    }
  }

  /** A run that the harness itself could not follow is not a sound one; the next may be. */
  async #disturbedRun(options: OneRun): Promise<JudgedRun> {
    const name = `chaos-${options.faults[0]?.index ?? 'none'}`;
    try {
      return (await this.#oneRun({ ...options, name })).judged;
    } catch (error) {
      const { signal, say } = this.#options;
      signal.throwIfAborted();
      const what = `${name} could not be followed: ${error instanceof Error ? (error.stack ?? '') : String(error)}`;
      say(`  VIOLATED completion: ${what}`);
      return { report: unknownRun(name), violations: [{ oracle: 'completion', what }] };
    }
  }

  async #oneRun(
    options: OneRun & { readonly name: string },
  ): Promise<{ readonly judged: JudgedRun; readonly state: FinalState | undefined }> {
    const { plant, urls, name, faults } = options;
    const { length, seed, say, signal } = this.#options;
    const secrets = Object.values<PlantedSecret>({ ...this.#secrets });
    const planned = faults.map(({ index, fault, place }) => `${index} ${fault} (${place})`);
    say(`run ${name}: ${planned.join(', ') || 'undisturbed'}`);
    const began = performance.now();
    const request = chaosRequest({ name, ...urls, ...length });
    const report = await disturbedRun({
      plant,
      request,
      length,
      faults,
      seed,
      secrets,
      say,
      signal,
    });
    const pace = this.#pace(report);
    const reference = this.#referenceState;
    const { violations, state } = await judge({
      ...{ plant, mark: this.#mark, report, name, secrets, pace, reference },
    });
    const judged = { report, violations };
    this.#log({ run: name, pace, ...judged });
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    say(`run ${name}: ${report.state} in ${seconds} s, ${violations.length} violations`);
    for (const { oracle, what } of violations) say(`  VIOLATED ${oracle}: ${what}`);
    if (violations.length === 0) await empty(plant, prefixesOf(report.runId, name));
    return { judged, state };
  }

  #pace({ stepsPerSecond }: RunReport): Pace {
    const { length } = this.#options;
    const fastest = Math.max(stepsPerSecond, this.reference?.report.stepsPerSecond ?? 0);
    return { ...length, saveSeconds: SAVE_SECONDS, stepsPerSecond: fastest };
  }

  #log(entry: Readonly<Record<string, unknown>>): void {
    const line = JSON.stringify({ time: new Date().toISOString(), ...entry });
    appendFileSync(join(this.#options.folder, 'journal.jsonl'), `${line}\n`);
  }
}

const unknownRun = (name: string): RunReport => ({
  runId: name,
  state: 'UNKNOWN',
  failure: undefined,
  result: undefined,
  history: [],
  faults: [],
  stepsPerSecond: 0,
  violations: [],
});

/** Ends what a lost run left, so that the next one has its workers for itself. */
async function startAnew({ client, proxy, parts }: Plant): Promise<void> {
  for await (const { workflowId } of client.workflow.list({ query: 'ExecutionStatus="Running"' })) {
    // A stage ends by itself when its pipeline has.
    await client.workflow
      .getHandle(workflowId)
      .terminate('The harness gave it up.')
      .catch(() => undefined);
  }
  proxy.setFault(undefined);
  signalTo(parts.gpu.pid, 'SIGKILL');
  signalTo(parts.data.pid, 'SIGKILL');
}

async function empty(plant: Plant, prefixes: readonly string[]): Promise<void> {
  for (const prefix of prefixes) {
    for await (const { key } of plant.store.list(prefix)) await plant.store.delete(key);
  }
}

/** Journal and workers' logs are small and stay. */
function clean(folder: string): void {
  for (const large of ['store', 'temporal', 'cache', 'pictures']) {
    rmSync(join(folder, large), { recursive: true, force: true });
  }
}

/**
 * `npm run chaos`: the real pipeline under faults that are drawn by a seed, and the oracles that say whether anything
 * was lost (docs/reliability.md). Exit code 0 when all promises held, 1 when not, 2 for a wrong flag, 130 when it
 * was interrupted; the table is printed in every case.
 */
import { join } from 'node:path';
import { exitCodes } from '../cli/failures.ts';
import { onInterrupt } from '../cli/interrupt.ts';
import { LesionFlowError } from '../contracts/errors.ts';
import { stateFolder } from '../infra/paths.mjs';
import { ChaosUsageError } from './errors.ts';
import { parseOptions, type ChaosOptions } from './options.ts';
import { LONG, SHORT } from './recipe.ts';
import { describeResult, splitPage, writeReport } from './report.ts';
import { plannedFault, plannedRuns, SHORT_PLAN, type PlannedFault } from './schedule.ts';
import { hasFailed, runSession, type SessionResult } from './session.ts';

const say = (line: string) => void process.stdout.write(`${line}\n`);

try {
  process.exitCode = await chaos(parseOptions(process.argv));
} catch (error) {
  if (!(error instanceof LesionFlowError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error instanceof ChaosUsageError ? exitCodes.badUsage : exitCodes.failed;
}

async function chaos(options: ChaosOptions): Promise<number> {
  const { seed, minutes, report } = options;
  if (options.plan !== undefined) return printPlan(seed, options.plan);
  if (report !== undefined) splitPage(report);
  using interrupt = onInterrupt();
  const began = performance.now();
  const folder = options.folder ?? join(stateFolder, 'chaos', String(seed));
  say(`seed ${seed}; data and logs in ${folder}`);
  const result = await runSession({
    seed,
    folder,
    length: options.short ? SHORT : LONG,
    runs: runsOf(options),
    deadline: began + minutes * 60_000,
    say: (line) => say(`${clock(began)} ${line}`),
    signal: interrupt.signal,
  });
  const facts = { seed, minutes: (performance.now() - began) / 60_000 };
  const text = describeResult(result, facts);
  say(`\n${text}`);
  if (report !== undefined) writeReport(report, text);
  return exitCodeOf(result, { isInterrupted: interrupt.signal.aborted, seed, folder });
}

function runsOf({ seed, fault, short }: ChaosOptions): Iterable<readonly PlannedFault[]> {
  if (short) return [SHORT_PLAN];
  return fault === undefined ? plannedRuns(seed) : [[plannedFault(seed, fault)]];
}

function printPlan(seed: number, runs: number): number {
  for (const run of plannedRuns(seed)) {
    for (const { index, fault, place } of run) say(`${index}\t${fault}\t${place}`);
    if (--runs === 0) break;
  }
  return exitCodes.ok;
}

function exitCodeOf(
  result: SessionResult,
  how: { readonly isInterrupted: boolean; readonly seed: number; readonly folder: string },
): number {
  const { isInterrupted, seed, folder } = how;
  if (isInterrupted) return exitCodes.interrupted;
  if (!hasFailed(result)) return exitCodes.ok;
  if (result.stoppedBy !== undefined) say(`Stopped by ${reasonOf(result.stoppedBy)}`);
  const { runs } = result;
  for (const { report } of runs.filter(({ violations }) => violations.length > 0)) {
    for (const { index } of report.faults)
      say(`Again: npm run chaos -- --seed ${seed} --fault ${index}`);
  }
  say(`Everything is kept in ${folder}.`);
  return exitCodes.failed;
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Minutes and seconds since the start. */
function clock(began: number): string {
  const seconds = Math.floor((performance.now() - began) / 1000);
  return `${String(Math.floor(seconds / 60)).padStart(3)}:${String(seconds % 60).padStart(2, '0')}`;
}

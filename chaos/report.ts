/** Writes a harness's result into a page, between two markers. */
import { readFileSync, writeFileSync } from 'node:fs';
import { cpus, totalmem } from 'node:os';
import { ChaosUsageError } from './errors.ts';
import type { SessionResult } from './session.ts';
import { markdownTable, rowsOf } from './table.ts';

const BEGIN = '<!-- chaos: begin -->';
const END = '<!-- chaos: end -->';

export interface ReportFacts {
  readonly seed: number;
  readonly minutes: number;
}

/** What a reader must know beside the table. */
export function describeResult(result: SessionResult, { seed, minutes }: ReportFacts): string {
  const { runs, reference, violations } = result;
  const found = [
    ...(reference?.violations ?? []),
    ...runs.flatMap((run) => run.violations),
    ...violations,
  ];
  const rows = rowsOf(runs);
  const tried = rows.reduce((sum, row) => sum + row.tried, 0);
  const [cpu] = cpus();
  const machine = `${cpus().length} × ${cpu?.model.trim() ?? 'unknown processor'}, ${(totalmem() / 1e9).toFixed(0)} GB`;
  return [
    `Seed ${seed}, ${minutes.toFixed(0)} minutes, ${new Date().toISOString().slice(0, 10)}, on ${machine}: ` +
      `${runs.length} runs with ${tried} faults, ${found.length} violations.`,
    '',
    markdownTable(rows),
    ...(found.length === 0 ? [] : ['', ...found.map(({ oracle, what }) => `- ${oracle}: ${what}`)]),
  ].join('\n');
}

/** Throws `ChaosUsageError` when the page has no place for it: asked before the harness starts, too. */
export function writeReport(path: string, text: string): void {
  const [before, after] = splitPage(path);
  writeFileSync(path, `${before}${BEGIN}\n${text}\n${END}${after}`);
}

/** The page before and after the markers. */
export function splitPage(path: string): [string, string] {
  const page = readFileSync(path, 'utf8');
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (begin === -1 || end < begin) {
    throw new ChaosUsageError(
      `${path} has no place for the table: give it the lines "${BEGIN}" and "${END}".`,
      { path },
    );
  }
  return [page.slice(0, begin), page.slice(end + END.length)];
}

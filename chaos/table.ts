/** The result as a table: each fault in each place, how often it was tried, and what it cost. */
import type { FaultReport } from './disturbed-run.ts';
import { faultNames } from './faults/catalogue.ts';
import { placeNames, places, type Place } from './places.ts';
import type { JudgedRun } from './session.ts';

export interface Row {
  readonly fault: string;
  readonly place: string;
  readonly tried: number;
  readonly survived: number;
  /** Steps done again, the most of all tries; `undefined` outside of training. */
  readonly stepsLost: number | undefined;
  /** In seconds; `undefined` when it was never survived. */
  readonly medianRecovery: number | undefined;
  readonly worstRecovery: number | undefined;
}

/** In the catalogue's order, then in the pipeline's. Faults whose moment did not come were not tried. */
export function rowsOf(runs: readonly JudgedRun[]): Row[] {
  const tried = runs.flatMap(({ report, violations }) =>
    report.faults
      .filter(({ outcome }) => outcome === 'survived' || outcome === 'stuck')
      .map((fault) => ({ fault, report, isSound: violations.length === 0 })),
  );
  return faultNames.flatMap((name) =>
    placeNames.flatMap((place) => {
      const tries = tried.filter(({ fault }) => fault.fault === name && fault.place === place);
      if (tries.length === 0) return [];
      const survived = tries.filter(
        ({ fault, isSound }) => isSound && fault.outcome === 'survived',
      );
      const recoveries = survived
        .map(({ fault }) => fault.recoverySeconds ?? 0)
        .sort((a, b) => a - b);
      return [
        {
          fault: name,
          place,
          tried: tries.length,
          survived: survived.length,
          stepsLost: most(tries.map(({ fault, report }) => stepsLost(fault, report))),
          medianRecovery: recoveries[Math.floor((recoveries.length - 1) / 2)],
          worstRecovery: recoveries.at(-1),
        },
      ];
    }),
  );
}

/** Of the epoch that it struck; other faults of the run never strike in the same. */
function stepsLost({ place }: FaultReport, { history }: JudgedRun['report']): number | undefined {
  const { epoch }: Place = places[place];
  if (epoch === undefined) return undefined;
  return history.find((result) => result.epoch === epoch)?.stepsRedone ?? 0;
}

const most = (values: readonly (number | undefined)[]): number | undefined => {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
};

export function markdownTable(rows: readonly Row[]): string {
  const seconds = (value: number | undefined) => (value === undefined ? '–' : value.toFixed(1));
  const lines = rows.map(
    ({ fault, place, tried, survived, stepsLost: lost, medianRecovery, worstRecovery }) =>
      `| ${fault} | ${place} | ${tried} | ${survived} | ${lost ?? '–'} | ${seconds(medianRecovery)} | ${seconds(worstRecovery)} |`,
  );
  return [
    '| fault | phase | tried | survived | steps lost, worst | recovery, median s | worst s |',
    '|---|---|---|---|---|---|---|',
    ...lines,
  ].join('\n');
}

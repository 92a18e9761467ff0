/** A comparison of runs as lines: a column a run. Pure. */
import { duration, moment } from '../../report/run-page/words.ts';
import type { Palette } from '../colours.ts';
import { inWords, shortened } from '../differences.ts';
import { scoreRows } from '../render-run.ts';
import { textTable } from '../text-table.ts';
import type { ComparedRun, Comparison } from './compare-runs.ts';

type Row = readonly string[];

const MOST_LETTERS = 40;

export function renderComparison(
  { runs, options, isSameSplit }: Comparison,
  palette: Palette,
): string[] {
  const columns = [{ title: '' }, ...runs.map(({ runId }) => ({ title: runId, isNumber: true }))];
  const facts = rowsOf(runs, palette);
  const differing = options.map(({ option, values }) => [
    option,
    ...values.map((value) => shortened(inWords(value), MOST_LETTERS)),
  ]);
  return [
    ...textTable({ columns, rows: facts, palette }),
    '',
    ...(isSameSplit
      ? []
      : [palette.yellow('Scored on different splits: their scores do not compare.'), '']),
    ...(differing.length === 0
      ? ['The options are the same.']
      : textTable({
          columns: [{ title: 'options that differ' }, ...columns.slice(1)],
          rows: differing,
          palette,
        })),
  ];
}

function rowsOf(runs: readonly ComparedRun[], palette: Palette): Row[] {
  const row = (name: string, of: (run: ComparedRun) => string): Row => [name, ...runs.map(of)];
  const best = (
    name: string,
    of: (run: ComparedRun) => number | undefined,
    isLower = false,
  ): Row => {
    const values = runs.map(of);
    const known = values.filter((value) => value !== undefined);
    const top = isLower ? Math.min(...known) : Math.max(...known);
    const isContest = new Set(known).size > 1;
    return [
      name,
      ...values.map((value) => {
        if (value === undefined) return '–';
        const text = value.toFixed(4);
        return isContest && value === top ? palette.green(text) : text;
      }),
    ];
  };
  return [
    row('state', ({ state }) => state),
    row('started', ({ startedAt }) => moment(startedAt)),
    row('took', ({ seconds }) => duration(Math.round(seconds))),
    row('epochs', ({ epochs }) => String(epochs)),
    row('training took', (run) => duration(run.trainedSeconds)),
    row('steps redone', ({ stepsRedone }) => String(stepsRedone)),
    best('training loss', ({ trainingLoss }) => trainingLoss ?? undefined, true),
    best('validation loss', ({ validationLoss }) => validationLoss ?? undefined, true),
    best('best validation', (run) => run.bestEpoch?.loss, true),
    row('best epoch', (run) => String(run.bestEpoch?.epoch ?? '–')),
    ...scoreRows.map(([name, of]) =>
      best(name, ({ scores }) => (scores === null ? undefined : of(scores))),
    ),
    row('version', ({ version }) =>
      version === null ? '–' : `${version.model} ${version.version}`,
    ),
  ];
}

/** Runs as a table, and one run as a page of lines. Pure. */
import type { EpochResult } from '../../contracts/progress.ts';
import { duration, moment } from '../../report/run-page/words.ts';
import { isGoing, type RunState } from '../../report/run-page/facts.ts';
import type { Palette } from '../colours.ts';
import type { RecordedRun } from '../known-run.ts';
import { publishedWords, renderNotes, renderScores, renderSteps } from '../render-run.ts';
import { textTable } from '../text-table.ts';
import type { ListedRun } from './list-runs.ts';

const COLOURS: Readonly<Record<RunState, (palette: Palette) => Palette['red']>> = {
  running: ({ cyan }) => cyan,
  paused: ({ yellow }) => yellow,
  'waiting for approval': ({ yellow }) => yellow,
  completed: ({ green }) => green,
  failed: ({ red }) => red,
  cancelled: ({ dim }) => dim,
  terminated: ({ dim }) => dim,
  'timed out': ({ red }) => red,
};

export function renderRuns(runs: readonly ListedRun[], palette: Palette): string[] {
  const rows = runs.map(({ runId, state, dataset = '', startedAt, closedAt }) => [
    coloured(state, palette),
    moment(startedAt),
    took(startedAt, closedAt),
    dataset,
    runId,
  ]);
  const columns = [
    { title: 'state' },
    { title: 'started' },
    { title: 'took', isNumber: true },
    { title: 'data set' },
    { title: 'run' },
  ];
  return textTable({ columns, rows, palette });
}

export interface ShownRun {
  readonly run: RecordedRun;
  /** In the Temporal UI. */
  readonly page: string | undefined;
}

export function renderRun({ run, page }: ShownRun, palette: Palette): string[] {
  const { runId, state, startedAt, closedAt, status, failure, evaluation, published } = run;
  return [
    `${palette.bold(runId)}: ${coloured(state, palette)}, ${took(startedAt, closedAt)}, since ${moment(startedAt)}`,
    ...(page === undefined ? [] : [page]),
    ...stepsOf(run, palette),
    ...(run.epochs.length === 0 ? [] : ['', ...renderEpochs(run.epochs, palette)]),
    ...(status === undefined ? [] : renderNotes(status, palette)),
    ...(evaluation === undefined
      ? []
      : [
          '',
          `Scores on ${evaluation.images} validation images:`,
          ...renderScores(evaluation.scores),
        ]),
    ...(run.sameAs === undefined ? [] : [`Nothing new: this is the result of ${run.sameAs}.`]),
    ...(published === undefined ? [] : [publishedWords(published)]),
    ...(failure === undefined || failure === '' ? [] : ['', palette.red(failure)]),
  ];
}

/** The steps are the workflow's own words, which need a data worker; all else is in the history. */
function stepsOf({ runId, state, status, underWay }: RecordedRun, palette: Palette): string[] {
  if (status === undefined && !isGoing(state)) {
    return [palette.dim('No data worker answers for its steps; this is what its history tells.')];
  }
  return renderSteps({ runId, status, activities: underWay }, { palette });
}

function renderEpochs(epochs: readonly EpochResult[], palette: Palette): string[] {
  const isAnyRedone = epochs.some(({ stepsRedone = 0 }) => stepsRedone > 0);
  const columns = [
    { title: 'epoch', isNumber: true },
    { title: 'stage' },
    { title: 'loss', isNumber: true },
    { title: 'validation', isNumber: true },
    { title: 'took', isNumber: true },
    ...(isAnyRedone ? [{ title: 'steps redone', isNumber: true }] : []),
  ];
  const rows = epochs.map(({ epoch, stage, training, validation, seconds, stepsRedone = 0 }) => [
    String(epoch),
    stage,
    training.total.toFixed(4),
    validation?.total.toFixed(4) ?? '–',
    duration(seconds),
    ...(isAnyRedone ? [String(stepsRedone)] : []),
  ]);
  return textTable({ columns, rows, palette });
}

const coloured = (state: string, palette: Palette): string =>
  state in COLOURS ? COLOURS[state as RunState](palette)(state) : state;

const took = (from: Date, to = new Date()): string =>
  duration(Math.round((to.getTime() - from.getTime()) / 1000));

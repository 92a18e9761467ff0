/** Schedules as a table, and one as a page of lines. Pure. */
import { counted, duration, moment } from '../../report/run-page/words.ts';
import { textTable } from '../text-table.ts';
import type { Palette } from '../colours.ts';
import type { ListedSchedule } from './known-schedule.ts';
import { overlapMeaning } from './policies.ts';
import type { ScheduleFacts, ScheduleTimes } from './schedule-facts.ts';
import type { ScheduledRun } from './scheduled-runs.ts';

const NEXT_SHOWN = 3;

export function renderSchedules(schedules: readonly ListedSchedule[], palette: Palette): string[] {
  const columns = [
    { title: 'schedule' },
    { title: 'state' },
    { title: 'when' },
    { title: 'next' },
    { title: 'last run' },
  ];
  const rows = schedules.map(({ name, isPaused, next, lastRun, ...times }) => [
    name,
    stateOf(isPaused, palette),
    when(times),
    isPaused || next === undefined ? '–' : moment(next),
    lastRun?.runId ?? '–',
  ]);
  return textTable({ columns, rows, palette });
}

export interface ShownSchedule extends ScheduleFacts {
  /** In the Temporal UI. */
  readonly page: string | undefined;
  /** The newest first. */
  readonly runs: readonly ScheduledRun[];
}

export function renderSchedule(schedule: ShownSchedule, palette: Palette): string[] {
  const { name, isPaused, note, page, overlap, pauseOnFailure, counts, runs } = schedule;
  const meaning = overlapMeaning(overlap);
  const lines: readonly (readonly [string, string])[] = [
    ['when', when(schedule)],
    ['next', isPaused ? 'nothing while it is paused' : next(schedule)],
    ['overlap', `${overlap}${meaning === undefined ? '' : `: ${meaning}`}`],
    ['catch-up', `up to ${duration(schedule.catchupSeconds)} late, when Temporal was away`],
    ['failure', pauseOnFailure ? 'a run that fails pauses the schedule' : 'goes on after it'],
    ['so far', soFar(counts)],
  ];
  return [
    `${palette.bold(name)}: ${stateOf(isPaused, palette)}${note === '' ? '' : ` (${note})`}`,
    ...(page === undefined ? [] : [page]),
    ...lines.map(([title, text]) => `  ${palette.dim(title.padEnd(8))}  ${text}`),
    ...(runs.length === 0 ? [] : ['', ...renderRuns(runs, palette)]),
  ];
}

const stateOf = (isPaused: boolean, { yellow, green }: Palette): string =>
  isPaused ? yellow('paused') : green('active');

const when = ({ cron, timezone }: ScheduleTimes): string =>
  cron === undefined ? `as in the Temporal UI (${timezone})` : `${cron} (${timezone})`;

const next = ({ next: times }: ScheduleFacts): string =>
  times.length === 0 ? 'never' : times.slice(0, NEXT_SHOWN).map(moment).join(', ');

const soFar = ({ started, leftOut, missed }: ScheduleFacts['counts']): string =>
  `${counted(started, 'run')} started, ${leftOut} left out because of overlap, ${missed} missed`;

function renderRuns(runs: readonly ScheduledRun[], palette: Palette): string[] {
  const columns = [{ title: 'state' }, { title: 'started' }, { title: 'run' }];
  const rows = runs.map(({ state, startedAt, runId }) => [
    state === 'failed' ? palette.red(state) : state,
    moment(startedAt),
    runId,
  ]);
  return textTable({ columns, rows, palette });
}

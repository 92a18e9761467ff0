/** A schedule as Temporal describes it → what commands print. */
import type { ScheduleDescription, ScheduleSpecDescription } from '@temporalio/client';
import { overlapName } from './policies.ts';

export interface ScheduleTimes {
  /** As it was given; `undefined` for times that were not given as a cron expression by the command line. */
  readonly cron: string | undefined;
  readonly timezone: string;
}

export interface ScheduleFacts extends ScheduleTimes {
  readonly name: string;
  readonly isPaused: boolean;
  /** Why it is paused or goes on; empty where nobody said so. */
  readonly note: string;
  /** As `--overlap` takes it. */
  readonly overlap: string;
  readonly catchupSeconds: number;
  readonly pauseOnFailure: boolean;
  /** The run's input, as it was checked when the schedule was made. */
  readonly input: unknown;
  /** The next ten; none while nothing is planned. */
  readonly next: readonly Date[];
  readonly counts: {
    readonly started: number;
    /** Because a run was still going. */
    readonly leftOut: number;
    /** Because the server was away for longer than the catch-up window. */
    readonly missed: number;
  };
  /** Ids of runs. */
  readonly underWay: readonly string[];
}

export const factsOf = (schedule: ScheduleDescription): ScheduleFacts => ({
  name: schedule.scheduleId,
  ...timesOf(schedule.spec),
  isPaused: schedule.state.paused,
  note: schedule.state.note ?? '',
  overlap: overlapName(schedule.policies.overlap),
  catchupSeconds: schedule.policies.catchupWindow / 1000,
  pauseOnFailure: schedule.policies.pauseOnFailure,
  input: schedule.action.args?.[0],
  next: schedule.info.nextActionTimes,
  counts: {
    started: schedule.info.numActionsTaken,
    leftOut: schedule.info.numActionsSkippedOverlap,
    missed: schedule.info.numActionsMissedCatchupWindow,
  },
  underWay: schedule.info.runningActions.map(({ workflow }) => workflow.workflowId),
});

/** The server keeps a cron expression as calendars, whose comment has its text (`cronWithItsText`), or as an interval. */
export function timesOf({
  calendars = [],
  intervals = [],
  timezone,
}: ScheduleSpecDescription): ScheduleTimes {
  const text = calendars.map(({ comment = '' }) => comment).find((comment) => comment !== '');
  const every = intervals.length === 1 && calendars.length === 0 ? intervals[0]?.every : undefined;
  return {
    cron: text ?? (every === undefined ? undefined : `@every ${every / 1000}s`),
    timezone: timezone === undefined || timezone === '' ? 'UTC' : timezone,
  };
}

export const cronWithItsText = (cron: string): string => `${cron} # ${cron}`;

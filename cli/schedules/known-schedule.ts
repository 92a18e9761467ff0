/** Schedules by name, and the ones that there are. */
import { ScheduleNotFoundError, type Client, type ScheduleHandle } from '@temporalio/client';
import { workflowTypes } from '../../contracts/task-queues.ts';
import { nearest } from '../../wording/nearest.ts';
import { UsageError } from '../failures.ts';
import { timesOf, type ScheduleTimes } from './schedule-facts.ts';

/** Throws `UsageError` when there is no such schedule. */
export async function withSchedule<T>(
  client: Client,
  name: string,
  work: (schedule: ScheduleHandle) => Promise<T>,
): Promise<T> {
  try {
    return await work(client.schedule.getHandle(name));
  } catch (error) {
    if (!(error instanceof ScheduleNotFoundError)) throw error;
    const names = (await listSchedules(client)).map((schedule) => schedule.name);
    const near = nearest(name, names);
    throw new UsageError(
      `There is no schedule "${name}"${near === undefined ? '' : ` (did you mean "${near}"?)`}. ` +
        '"lesionflow schedule list" shows them.',
      { name },
    );
  }
}

export interface ListedSchedule extends ScheduleTimes {
  readonly name: string;
  readonly isPaused: boolean;
  readonly note: string;
  readonly next: Date | undefined;
  /** Its newest run. */
  readonly lastRun: { readonly runId: string; readonly startedAt: Date } | undefined;
}

/** Those that start LesionFlow's runs, by name. What has just changed shows a moment later. */
export async function listSchedules(client: Client): Promise<ListedSchedule[]> {
  const schedules: ListedSchedule[] = [];
  for await (const { scheduleId, spec, action, state, info } of client.schedule.list()) {
    if (action?.workflowType !== workflowTypes.trainingPipeline) continue;
    const last = info.recentActions.at(-1);
    schedules.push({
      name: scheduleId,
      ...timesOf(spec ?? {}),
      isPaused: state.paused,
      note: state.note ?? '',
      next: info.nextActionTimes[0],
      lastRun:
        last === undefined
          ? undefined
          : { runId: last.action.workflow.workflowId, startedAt: last.takenAt },
    });
  }
  return schedules.sort((a, b) => (a.name < b.name ? -1 : 1));
}

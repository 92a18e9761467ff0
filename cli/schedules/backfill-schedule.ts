/** Makes up for times of a schedule that are over: each gets its run, with the id that it would have had. */
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import { msNumberToTs, tsToMs } from '@temporalio/common/lib/time.js';
import { UsageError } from '../failures.ts';
import { withSchedule } from './known-schedule.ts';
import { overlaps, type Overlap } from './policies.ts';

export interface BackfillRequest {
  readonly name: string;
  /** Both ends count. */
  readonly from: Date;
  readonly to: Date;
  readonly overlap: Overlap;
}

export interface PlannedRun {
  readonly runId: string;
  readonly plannedFor: Date;
}

export interface Backfilled {
  readonly asked: readonly PlannedRun[];
  /** Times that have their run already. */
  readonly there: readonly PlannedRun[];
}

/** More trainings at once are a slip of the pen. */
const MOST_RUNS = 100;

/**
 * The overlap policy may leave out some of those that were asked for. Throws `UsageError` for an unknown schedule, and
 * for a span in which nothing is to be made up for.
 */
export function backfillSchedule(
  client: Client,
  { name, from, to, overlap }: BackfillRequest,
): Promise<Backfilled> {
  requireSpan(from, to);
  return withSchedule(client, name, async (schedule) => {
    const { action } = await schedule.describe();
    const times = await timesBetween(client, name, { from, to });
    const span = `from ${isoSeconds(from)} to ${isoSeconds(to)}`;
    const refuse = (text: string) => new UsageError(text, { name, from, to });
    if (times.length === 0) {
      throw refuse(`The schedule "${name}" has no time ${span}. Nothing was started.`);
    }
    if (times.length > MOST_RUNS) {
      throw refuse(
        `The schedule "${name}" has ${times.length} times ${span}, and at most ${MOST_RUNS} are made up for at once. ` +
          'Nothing was started.',
      );
    }
    const asked: PlannedRun[] = [];
    const there: PlannedRun[] = [];
    for (const plannedFor of times) {
      const runId = `${action.workflowId}-${isoSeconds(plannedFor)}`;
      // Temporal would let a second run take the id of one that is over, and with it its place in the store.
      ((await isThere(client, runId)) ? there : asked).push({ runId, plannedFor });
    }
    if (asked.length === 0)
      throw refuse(`Every time ${span} has its run already. Nothing was started.`);
    const { policy } = overlaps[overlap];
    await schedule.backfill(
      asked.map(({ plannedFor: time }) => ({ start: time, end: time, overlap: policy })),
    );
    return { asked, there };
  });
}

/** `2026-11-01` (midnight UTC) or `2026-11-01T02:00Z`, `…+01:00` → the time. Throws `UsageError`. */
export function momentOf(option: string, text: string): Date {
  const isWhole = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const moment = new Date(text);
  if (isWhole && !Number.isNaN(moment.getTime())) return moment;
  throw new UsageError(
    `${option} takes a day (midnight UTC) or a time with its offset, such as 2026-11-01, 2026-11-01T02:00Z or ` +
      `2026-11-01T02:00+01:00; got "${text}".`,
    { option, text },
  );
}

function requireSpan(from: Date, to: Date): void {
  const [start, end] = [from.getTime(), to.getTime()];
  if (start <= end && end <= Date.now()) return;
  throw new UsageError(
    start > end
      ? `--from (${isoSeconds(from)}) must not be later than --to (${isoSeconds(to)}).`
      : `--to (${isoSeconds(to)}) lies ahead: the schedule will start those runs by itself.`,
    { from, to },
  );
}

async function timesBetween(
  client: Client,
  scheduleId: string,
  { from, to }: { readonly from: Date; readonly to: Date },
): Promise<Date[]> {
  const { startTime } = await client.workflowService.listScheduleMatchingTimes({
    namespace: client.options.namespace,
    scheduleId,
    // Unlike a backfill, this leaves its start out.
    startTime: msNumberToTs(from.getTime() - 1),
    endTime: msNumberToTs(to.getTime()),
  });
  return startTime.map((time) => new Date(tsToMs(time)));
}

async function isThere(client: Client, runId: string): Promise<boolean> {
  try {
    await client.workflow.getHandle(runId).describe();
    return true;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** As in the ids of scheduled runs. */
const isoSeconds = (time: Date): string => `${time.toISOString().slice(0, 19)}Z`;

/** Makes a schedule that starts runs of one input. */
import { ScheduleAlreadyRunning, type Client } from '@temporalio/client';
import type { PipelineRequest } from '../../contracts/pipeline-input.ts';
import { UsageError } from '../failures.ts';
import { pipelineStart } from '../start-run.ts';
import { overlaps, type Overlap } from './policies.ts';
import { cronWithItsText, factsOf, type ScheduleFacts } from './schedule-facts.ts';

export interface NewSchedule {
  /** Its runs' ids begin with it: `<name>-2026-11-29T02:00:00Z`. */
  readonly name: string;
  readonly request: PipelineRequest;
  readonly cron: string;
  /** An IANA name, e.g. `Europe/Berlin`. */
  readonly timezone: string;
  readonly overlap: Overlap;
  readonly catchupSeconds: number;
  readonly pauseOnFailure: boolean;
  readonly isPaused: boolean;
}

/** Throws `UsageError` for a bad name or cron expression, and for a name that is taken. */
export async function createSchedule(
  client: Client,
  schedule: NewSchedule,
): Promise<ScheduleFacts> {
  const { name, timezone, overlap, pauseOnFailure, isPaused } = schedule;
  requireName(name);
  // What stands behind # is a comment, and the comment's place is taken.
  const cron = (schedule.cron.split('#')[0] ?? '').trim();
  const handle = await client.schedule
    .create({
      scheduleId: name,
      spec: { cronExpressions: [cronWithItsText(cron)], timezone },
      action: { type: 'startWorkflow', workflowId: name, ...pipelineStart(schedule.request) },
      policies: {
        overlap: overlaps[overlap].policy,
        catchupWindow: schedule.catchupSeconds * 1000,
        pauseOnFailure,
      },
      state: { paused: isPaused, ...(isPaused ? { note: 'created paused' } : {}) },
    })
    .catch((error: unknown) => {
      throw refusal(error, schedule);
    });
  const facts = factsOf(await handle.describe());
  if (facts.next.length > 0 || isPaused) return facts;
  await handle.delete();
  throw new UsageError(
    `No time will come that fits --cron "${cron}" (${timezone}). Nothing was created.`,
    { cron, timezone },
  );
}

function requireName(name: string): void {
  if (/^[a-z0-9][a-z0-9-]{0,62}$/.test(name)) return;
  throw new UsageError(
    `A schedule's name must be lower-case letters, digits and dashes, at most 63, e.g. "nightly": the ids of its runs ` +
      `begin with it. It was "${name}". Nothing was created.`,
    { name },
  );
}

function refusal(error: unknown, { name, cron, timezone }: NewSchedule): unknown {
  if (error instanceof ScheduleAlreadyRunning) {
    return new UsageError(
      `There is a schedule "${name}" already. "lesionflow schedule show ${name}" shows it; take another name, ` +
        `or delete it first ("lesionflow schedule delete ${name}"; its runs stay).`,
      { name },
    );
  }
  // So the client reports a spec that the server does not understand.
  if (!(error instanceof TypeError)) return error;
  const advice = error.message.includes('time zone')
    ? 'Give --timezone an IANA name such as Europe/Berlin.'
    : 'Give --cron minute, hour, day of the month, month and day of the week, e.g. "0 2 * * SUN".';
  return new UsageError(
    `Temporal does not understand --cron "${cron}" (${timezone}): ${error.message}. ${advice} Nothing was created.`,
    { cron, timezone },
  );
}

/** Starts a run of a schedule now, by the schedule's own overlap policy, and waits for what comes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client, ScheduleDescription } from '@temporalio/client';
import { LesionFlowError } from '../../contracts/errors.ts';
import { withSchedule } from './known-schedule.ts';
import { overlapName } from './policies.ts';

export interface Triggered {
  /** The run that has started; `undefined` for one that waits. */
  readonly runId: string | undefined;
  /** Ids of the runs that it waits for. */
  readonly waitsFor: readonly string[];
}

/** The overlap policy leaves the run out. */
export class RunLeftOutError extends LesionFlowError {
  constructor(name: string, { policies, info }: ScheduleDescription) {
    const underWay = info.runningActions.map(({ workflow }) => workflow.workflowId);
    const overlap = overlapName(policies.overlap);
    super(
      `No run was started: ${underWay.join(', ') || 'another'} is still going, and the schedule's overlap policy is ` +
        `${overlap}. Wait for its end, or cancel it ("lesionflow cancel RUN").`,
      { code: 'run-left-out', retryable: true, values: { name, overlap, underWay } },
    );
  }
}

export class NotTriggeredError extends LesionFlowError {
  constructor(name: string) {
    super(
      `Temporal has taken the request, and has started no run within ${ANSWER_MS / 1000} s. ` +
        `"lesionflow schedule show ${name}" shows what comes of it.`,
      { code: 'not-triggered', retryable: true, values: { name } },
    );
  }
}

const ANSWER_MS = 15_000;
const POLL_MS = 200;

/** Between request and start, a run is in the line of those that wait, for a moment. */
const SETTLED_MS = 1_500;

/** Throws `UsageError` for an unknown schedule, `RunLeftOutError`, `NotTriggeredError`. */
export function triggerSchedule(client: Client, name: string): Promise<Triggered> {
  return withSchedule(client, name, async (schedule) => {
    const before = await schedule.describe();
    await untilIdsDiffer(before);
    // Without a policy of its own, the client allows everything.
    await schedule.trigger(before.policies.overlap);
    const asked = Date.now();
    while (Date.now() - asked < ANSWER_MS) {
      const now = await schedule.describe();
      if (now.info.numActionsTaken > before.info.numActionsTaken) {
        const newest = now.info.recentActions.at(-1)?.action.workflow.workflowId;
        return { runId: newest, waitsFor: [] };
      }
      if (now.info.numActionsSkippedOverlap > before.info.numActionsSkippedOverlap) {
        throw new RunLeftOutError(name, now);
      }
      if (inLine(now) > inLine(before) && Date.now() - asked > SETTLED_MS) {
        const waitsFor = now.info.runningActions.map(({ workflow }) => workflow.workflowId);
        return { runId: undefined, waitsFor };
      }
      await sleep(POLL_MS);
    }
    throw new NotTriggeredError(name);
  });
}

/** Runs are named by the second: another of the same would be dropped without a word, or take the first one's id. */
async function untilIdsDiffer({ info }: ScheduleDescription): Promise<void> {
  const last = info.recentActions.at(-1)?.takenAt.getTime() ?? 0;
  const next = (Math.floor(last / 1000) + 1) * 1000;
  // No longer than a second, whatever the server's clock says.
  await sleep(Math.min(1000, Math.max(0, next - Date.now())));
}

const inLine = ({ raw }: ScheduleDescription): number => Number(raw.info?.bufferSize ?? 0);

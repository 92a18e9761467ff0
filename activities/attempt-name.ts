/**
 * A name that no other attempt of any activity has. Keys hold it, so that an attempt which was given up but
 * still runs can never write over its successor.
 */
import type { Info } from '@temporalio/activity';

/**
 * E.g. `3f9a1c22b7d4-5-a2-mf3k9x1b`: end of the workflow's run id, activity, attempt, time. The time is there
 * because a reset activity counts its attempts from 1 again; the end of the id, because its start is a clock.
 */
export function attemptName({
  workflowExecution,
  activityId,
  attempt,
  currentAttemptScheduledTimestampMs,
}: Pick<
  Info,
  'workflowExecution' | 'activityId' | 'attempt' | 'currentAttemptScheduledTimestampMs'
>): string {
  const run = workflowExecution?.runId.slice(-12) ?? 'alone';
  return `${run}-${activityId}-a${attempt}-${currentAttemptScheduledTimestampMs.toString(36)}`;
}

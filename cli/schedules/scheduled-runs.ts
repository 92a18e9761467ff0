/** The newest runs of a schedule, and what became of them. */
import { WorkflowNotFoundError, type Client, type ScheduleDescription } from '@temporalio/client';
import { pipelineResultSchema } from '../../contracts/progress.ts';

export interface ScheduledRun {
  readonly runId: string;
  /** The time that it was planned for. */
  readonly plannedFor: Date;
  readonly startedAt: Date;
  /** Temporal's word in small letters, or `no change` for a run that found nothing new, or `forgotten`. */
  readonly state: string;
}

/** The newest first; Temporal remembers ten. */
export const scheduledRuns = (
  client: Client,
  { info }: ScheduleDescription,
): Promise<ScheduledRun[]> =>
  Promise.all(
    info.recentActions
      .toReversed()
      .map(async ({ scheduledAt: plannedFor, takenAt: startedAt, action }) => {
        const { workflowId: runId } = action.workflow;
        return { runId, plannedFor, startedAt, state: await stateOf(client, runId) };
      }),
  );

async function stateOf(client: Client, runId: string): Promise<string> {
  const handle = client.workflow.getHandle(runId);
  try {
    const { status } = await handle.describe();
    if (status.name !== 'COMPLETED') return status.name.toLowerCase().replace('_', ' ');
    const result = pipelineResultSchema.safeParse(await handle.result());
    return result.data?.outcome === 'no-change' ? 'no change' : 'completed';
  } catch (error) {
    // Histories are kept for a time only (the namespace's retention).
    if (error instanceof WorkflowNotFoundError) return 'forgotten';
    throw error;
  }
}

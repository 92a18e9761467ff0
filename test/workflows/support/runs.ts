/** Starting and watching runs in tests. */
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { runStatusSchema, type RunStatus } from '../../../contracts/progress.ts';
import { STATUS_QUERY, taskQueues, workflowTypes } from '../../../contracts/task-queues.ts';
import type { TestTemporalServer } from './environment.ts';

export const startPipeline = (
  environment: TestTemporalServer,
  input: unknown,
  workflowId: string,
): Promise<WorkflowHandle> =>
  environment.client.workflow.start(workflowTypes.trainingPipeline, {
    taskQueue: taskQueues.pipeline,
    workflowId,
    args: [input],
  });

export const statusOf = async (handle: WorkflowHandle): Promise<RunStatus> =>
  runStatusSchema.parse(await handle.query(STATUS_QUERY));

/** The failure that a run ended with. */
export async function failureOf(handle: WorkflowHandle): Promise<Error | undefined> {
  const error: unknown = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof WorkflowFailedError ? error.cause : undefined;
}

/** Waits until the run asks for approval. */
export const untilAsked = (handle: WorkflowHandle): Promise<void> =>
  eventually(async () => (await statusOf(handle)).state === 'waiting for approval');

export async function eventually(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 50));
}

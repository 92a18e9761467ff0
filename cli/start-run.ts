/** Starts the pipeline's workflow. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import type { PipelineRequest } from '../contracts/pipeline-input.ts';
import { taskQueues, workflowTypes } from '../contracts/task-queues.ts';

/** Gives the run's id, e.g. `isic2018-20261124-173000-3fa9`: rising by time, and unique. */
export async function startRun(client: Client, request: PipelineRequest): Promise<string> {
  const stamp = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, '').replace('T', '-');
  const runId = `${request.dataset.name}-${stamp}-${randomBytes(2).toString('hex')}`;
  const { workflowType, ...start } = pipelineStart(request);
  await client.workflow.start(workflowType, { ...start, workflowId: runId });
  return runId;
}

/** What starts a run, but for its id: a schedule makes ids of its own. */
export const pipelineStart = (request: PipelineRequest) => ({
  workflowType: workflowTypes.trainingPipeline,
  taskQueue: taskQueues.pipeline,
  args: [request],
  staticSummary: `Train on ${request.dataset.name}`,
});

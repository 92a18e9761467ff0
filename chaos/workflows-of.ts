/** The workflows of a run: its pipeline's, and those of its stages, whose ids begin with the run's. */
import type { Client } from '@temporalio/client';

export async function workflowsOf(
  client: Client,
  runId: string,
  { running = false }: { readonly running?: boolean } = {},
): Promise<string[]> {
  const query = `WorkflowId STARTS_WITH "${runId}"${running ? ' AND ExecutionStatus="Running"' : ''}`;
  const ids: string[] = [];
  for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  return ids;
}

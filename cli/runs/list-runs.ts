/** The runs that Temporal knows of, the newest first. */
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { Client } from '@temporalio/client';
import { searchAttributes } from '../../contracts/search-attributes.ts';
import { workflowTypes } from '../../contracts/task-queues.ts';

/** As options take them → as Temporal's queries do. */
const QUERY_STATES = {
  running: 'Running',
  completed: 'Completed',
  failed: 'Failed',
  cancelled: 'Canceled',
  terminated: 'Terminated',
  'timed-out': 'TimedOut',
} as const;

export type ListedState = keyof typeof QUERY_STATES;
export const listedStates = Object.keys(QUERY_STATES) as ListedState[];

export interface ListedRun {
  readonly runId: string;
  /** A paused run is running: Temporal knows of no pause. */
  readonly state: string;
  /** The data set's name; `undefined` for a run that neither says it nor has it in its id. */
  readonly dataset: string | undefined;
  readonly startedAt: Date;
  readonly closedAt: Date | undefined;
}

export interface ListRunsOptions {
  readonly state?: ListedState | undefined;
  readonly dataset?: string | undefined;
  /** At most so many. */
  readonly limit: number;
}

export async function listRuns(
  client: Client,
  { state, dataset, limit }: ListRunsOptions,
): Promise<ListedRun[]> {
  const query =
    `WorkflowType = "${workflowTypes.trainingPipeline}"` +
    (state === undefined ? '' : ` AND ExecutionStatus = "${QUERY_STATES[state]}"`);
  const runs: ListedRun[] = [];
  for await (const run of client.workflow.list({ query, pageSize: Math.min(limit, 100) })) {
    const { workflowId, startTime: startedAt, closeTime: closedAt, typedSearchAttributes } = run;
    const name = typedSearchAttributes.get(DATASET) ?? datasetIn(workflowId);
    if (dataset !== undefined && name !== dataset) continue;
    const word = run.status.name.toLowerCase().replace('_', ' ');
    runs.push({ runId: workflowId, state: word, dataset: name, startedAt, closedAt });
    if (runs.length === limit) break;
  }
  return runs;
}

const DATASET = defineSearchAttributeKey(
  searchAttributes.dataset.name,
  SearchAttributeType.KEYWORD,
);

/** Ids that cli/start-run.ts makes begin with it. */
const datasetIn = (runId: string): string | undefined =>
  /^(.+)-\d{8}-\d{6}-[0-9a-f]{4}$/.exec(runId)?.[1];

/**
 * How far a run is, asked of Temporal: the workflow's own status (a query, which needs a living data worker)
 * and the heartbeats of what is under way in it and in its stages (which do not).
 */
import {
  isGrpcServiceError,
  QueryNotRegisteredError,
  WorkflowFailedError,
  WorkflowNotFoundError,
  type Client,
  type WorkflowExecutionDescription,
} from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import {
  activityProgressSchema,
  runStatusSchema,
  type ActivityProgress,
  type RunStatus,
} from '../contracts/progress.ts';
import { STATUS_QUERY } from '../contracts/task-queues.ts';
import { UsageError } from './failures.ts';

export interface ActivityUnderWay {
  /** Tells it from others of its type; the same in each of its tries. */
  readonly id: string;
  /** As in contracts/activities.ts, e.g. `trainEpoch`. */
  readonly type: string;
  /** 1 for the first try. */
  readonly attempt: number;
  readonly progress: ActivityProgress | undefined;
  /** Why the try before failed. */
  readonly lastFailure: string | undefined;
}

export interface RunSnapshot {
  readonly runId: string;
  /** Temporal's word: RUNNING, COMPLETED, FAILED, CANCELLED, TERMINATED, TIMED_OUT. */
  readonly state: string;
  /** `undefined` while no data worker answers. */
  readonly status: RunStatus | undefined;
  readonly activities: readonly ActivityUnderWay[];
  readonly startedAt: Date;
  readonly closedAt: Date | undefined;
  /** Why it did not complete. */
  readonly failure: string | undefined;
}

const QUERY_MS = 5_000;

/** Throws `UsageError` when there is no such run. */
export async function snapshotOf(client: Client, runId: string): Promise<RunSnapshot> {
  const description = await describe(client, runId);
  const state = description.status.name;
  return {
    runId,
    state,
    status: await statusOf(client, runId),
    activities: state === 'RUNNING' ? await underWay(client, description) : [],
    startedAt: description.startTime,
    closedAt: description.closeTime,
    failure:
      state === 'RUNNING' || state === 'COMPLETED' ? undefined : await failureOf(client, runId),
  };
}

/** Throws `UsageError` when there is no such run. */
export async function requireRun(client: Client, runId: string): Promise<void> {
  await describe(client, runId);
}

/** Throws `UsageError` when there is no such run, or it is over. */
export async function requireRunning(client: Client, runId: string): Promise<void> {
  const { status } = await describe(client, runId);
  if (status.name === 'RUNNING') return;
  const state = status.name.toLowerCase().replace('_', ' ');
  throw new UsageError(`The run ${runId} is over: it is ${state}.`, { runId, state });
}

/** Is this a server that is away for a while, rather than a wrong call? */
export function isConnectionLoss(error: unknown): boolean {
  // gRPC: CANCELLED, DEADLINE_EXCEEDED, INTERNAL (a server that died under a call), UNAVAILABLE.
  return [1, 4, 13, 14].includes(grpcCodeOf(error) ?? 0);
}

/** `undefined` for what gRPC did not say. Client methods wrap its errors, sometimes twice. */
function grpcCodeOf(error: unknown): number | undefined {
  if (isGrpcServiceError(error)) return error.code;
  return error instanceof Error ? grpcCodeOf(error.cause) : undefined;
}

function describe(client: Client, runId: string): Promise<WorkflowExecutionDescription> {
  return client.workflow
    .getHandle(runId)
    .describe()
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowNotFoundError)) throw error;
      throw new UsageError(`There is no run "${runId}". "lesionflow runs list" lists them.`, {
        runId,
      });
    });
}

async function statusOf(client: Client, runId: string): Promise<RunStatus | undefined> {
  try {
    const answer = await client.connection.withDeadline(Date.now() + QUERY_MS, () =>
      client.workflow.getHandle(runId).query<unknown>(STATUS_QUERY),
    );
    return runStatusSchema.parse(answer);
  } catch (error) {
    // No worker polls, or none has taken up the run yet; what Temporal itself knows is shown instead.
    if (error instanceof QueryNotRegisteredError || grpcCodeOf(error) !== undefined) {
      return undefined;
    }
    throw error;
  }
}

async function underWay(
  client: Client,
  { raw, workflowId }: WorkflowExecutionDescription,
): Promise<ActivityUnderWay[]> {
  const own = (raw.pendingActivities ?? []).map((activity) => ({
    id: `${workflowId} ${activity.activityId ?? ''}`,
    type: activity.activityType?.name ?? 'unknown',
    attempt: activity.attempt ?? 1,
    progress: progressOf(activity.heartbeatDetails?.payloads?.[0]),
    lastFailure: activity.lastFailure?.message ?? undefined,
  }));
  const children = await Promise.all(
    (raw.pendingChildren ?? []).map(async (child) => {
      const handle = client.workflow.getHandle(child.workflowId ?? '');
      return underWay(client, await handle.describe());
    }),
  );
  return [...own, ...children.flat()];
}

type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

function progressOf(payload: Payload | undefined): ActivityProgress | undefined {
  if (payload === undefined) return undefined;
  const parsed = activityProgressSchema.safeParse(defaultPayloadConverter.fromPayload(payload));
  return parsed.success ? parsed.data : undefined;
}

async function failureOf(client: Client, runId: string): Promise<string> {
  try {
    await client.workflow.getHandle(runId).result();
    return '';
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    return error.cause?.message ?? error.message;
  }
}

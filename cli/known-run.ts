/**
 * What Temporal knows of a run, for its page. The results of its steps are in its history, which needs no worker to
 * answer; the status of a run is asked of one, and left out where none answers.
 */
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { z } from 'zod';
import { pipelineInputSchema } from '../contracts/pipeline-input.ts';
import {
  aliasAnswerSchema,
  epochResultSchema,
  pipelineResultSchema,
  type EpochResult,
} from '../contracts/progress.ts';
import {
  datasetRefSchema,
  evaluationRefSchema,
  recordsRefSchema,
  splitRefSchema,
  versionRefSchema,
} from '../contracts/references.ts';
import type { KnownRun, RunState } from '../report/run-page/facts.ts';
import { snapshotOf, type RunSnapshot } from './watch-run.ts';

const STATES: Readonly<Record<string, RunState>> = {
  RUNNING: 'running',
  COMPLETED: 'completed',
  FAILED: 'failed',
  CANCELLED: 'cancelled',
  TERMINATED: 'terminated',
  TIMED_OUT: 'timed out',
};

/** A run with its finished epochs, which are in its history too. */
export interface RecordedRun extends KnownRun {
  readonly startedAt: Date;
  /** In their order. */
  readonly epochs: readonly EpochResult[];
  readonly underWay: RunSnapshot['activities'];
}

/** Throws `UsageError` when there is no such run. */
export async function knownRunOf(client: Client, runId: string): Promise<RecordedRun> {
  const snapshot = await snapshotOf(client, runId);
  const { request: given, results, epochs, end } = await recordOf(client, runId);
  const request = read(pipelineInputSchema, given);
  const result = read(pipelineResultSchema, end);
  return {
    runId,
    state: stateOf(snapshot),
    startedAt: snapshot.startedAt,
    closedAt: snapshot.closedAt,
    failure: snapshot.failure,
    status: snapshot.status,
    epochs,
    request,
    dataset: read(datasetRefSchema, results.get('inspectDataset')),
    split: read(splitRefSchema, results.get('splitDataset')),
    records: read(recordsRefSchema, results.get('prepareRecords')),
    evaluation: result?.evaluation ?? read(evaluationRefSchema, results.get('evaluateModel')),
    published:
      result === undefined
        ? publishedSoFar(results, request?.publish.alias ?? 'champion')
        : { version: result.version, alias: result.alias },
    sameAs: result?.outcome === 'no-change' ? result.runId : undefined,
    underWay: snapshot.activities,
  };
}

/** A run that is paused or waits for approval is running, for Temporal. */
function stateOf({ state, status }: RunSnapshot): RunState {
  if (state !== 'RUNNING') return STATES[state] ?? 'running';
  return status?.state === 'paused' || status?.state === 'waiting for approval'
    ? status.state
    : 'running';
}

/** A version is there before it is decided what names it. */
function publishedSoFar(
  results: ReadonlyMap<string, unknown>,
  name: string,
): KnownRun['published'] {
  const version = read(versionRefSchema, results.get('publishModel'));
  if (version === undefined) return undefined;
  const undecided = { name, moved: false, reason: 'nothing is decided yet', by: null };
  return { version, alias: read(aliasAnswerSchema, results.get('moveAlias')) ?? undecided };
}

interface RunRecord {
  /** What the run was started with. */
  readonly request: unknown;
  /** The last result of each kind of activity. */
  readonly results: ReadonlyMap<string, unknown>;
  readonly epochs: readonly EpochResult[];
  /** What the run returned. */
  readonly end: unknown;
}

/** By which a stage tells its pipeline of each epoch (workflows/messages.ts). */
const EPOCH_SIGNAL = 'epochFinished';

async function recordOf(client: Client, runId: string): Promise<RunRecord> {
  const { events } = await client.workflow.getHandle(runId).fetchHistory();
  const types = new Map<string, string>();
  const results = new Map<string, unknown>();
  const epochs = new Map<number, EpochResult>();
  let [request, end]: [unknown, unknown] = [undefined, undefined];
  for (const event of events ?? []) {
    const {
      workflowExecutionStartedEventAttributes: started,
      activityTaskScheduledEventAttributes: scheduled,
      activityTaskCompletedEventAttributes: completed,
      workflowExecutionSignaledEventAttributes: signalled,
      workflowExecutionCompletedEventAttributes: ended,
    } = event;
    if (started) request = valueOf(started.input);
    if (scheduled) types.set(String(event.eventId), scheduled.activityType?.name ?? '');
    if (completed) {
      const type = types.get(String(completed.scheduledEventId));
      if (type !== undefined) results.set(type, valueOf(completed.result));
    }
    if (signalled?.signalName === EPOCH_SIGNAL) {
      const epoch = read(epochResultSchema, valueOf(signalled.input));
      // Of one whose checkpoint had to be made anew the first counts, as it does for the run.
      if (epoch !== undefined && !epochs.has(epoch.epoch)) epochs.set(epoch.epoch, epoch);
    }
    if (ended) end = valueOf(ended.result);
  }
  const inOrder = [...epochs.values()].sort((a, b) => a.epoch - b.epoch);
  return { request, results, epochs: inOrder, end };
}

type Payload = Parameters<typeof defaultPayloadConverter.fromPayload>[0];

function valueOf(payloads: { readonly payloads?: Payload[] | null } | null | undefined): unknown {
  const payload = payloads?.payloads?.[0];
  return payload === undefined ? undefined : defaultPayloadConverter.fromPayload(payload);
}

/** What an older version of the pipeline wrote may have another form; the page then does without it. */
function read<T>(schema: z.ZodType<T>, value: unknown): T | undefined {
  return schema.safeParse(value).data;
}

/** `lesionflow status [RUN]`: the runs there are, or how far one is. */
import type { Command } from 'commander';
import type { Client } from '@temporalio/client';
import { workflowTypes } from '../../contracts/task-queues.ts';
import { openTemporal, type TemporalConnection } from '../connections.ts';
import { renderNotes, renderScores, renderSteps } from '../render-run.ts';
import { snapshotOf } from '../watch-run.ts';

interface StatusFlags {
  readonly json?: true;
}

const RUNS_LISTED = 20;

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('list the runs, or show how far one is')
    .argument('[run]', "the run's id")
    .option('--json', 'print JSON')
    .action(status);
}

async function status(runId: string | undefined, flags: StatusFlags): Promise<void> {
  await using temporal = await openTemporal(process.env);
  const lines =
    runId === undefined
      ? await listRuns(temporal.client, flags)
      : await showRun(temporal, runId, flags);
  process.stdout.write(lines.map((line) => `${line}\n`).join(''));
}

async function listRuns(client: Client, { json }: StatusFlags): Promise<string[]> {
  const query = `WorkflowType = "${workflowTypes.trainingPipeline}"`;
  const runs: { runId: string; state: string; startedAt: Date; closedAt: Date | undefined }[] = [];
  for await (const run of client.workflow.list({ query, pageSize: RUNS_LISTED })) {
    const { workflowId, startTime, closeTime } = run;
    runs.push({
      runId: workflowId,
      state: run.status.name,
      startedAt: startTime,
      closedAt: closeTime,
    });
    if (runs.length === RUNS_LISTED) break;
  }
  if (json) return [JSON.stringify(runs)];
  if (runs.length === 0) return ['There are no runs yet. "lesionflow train" starts one.'];
  return runs.map(
    ({ runId, state, startedAt, closedAt }) =>
      `${state.toLowerCase().padEnd(11)} ${startedAt.toISOString().slice(0, 16).replace('T', ' ')}  ` +
      `${duration(startedAt, closedAt).padStart(9)}  ${runId}`,
  );
}

async function showRun(
  { client, pageOf }: TemporalConnection,
  runId: string,
  { json }: StatusFlags,
): Promise<string[]> {
  const snapshot = await snapshotOf(client, runId);
  if (json) return [JSON.stringify(snapshot)];
  const page = pageOf(runId);
  const { status } = snapshot;
  const scores = status?.scores;
  // Temporal knows of no pause: for it a run that waits is running.
  const state = status?.state === 'paused' ? 'paused' : snapshot.state.toLowerCase();
  return [
    `${runId}: ${state}, ${duration(snapshot.startedAt, snapshot.closedAt)}`,
    ...(page === undefined ? [] : [page]),
    ...renderSteps(snapshot),
    ...(status === undefined ? [] : renderNotes(status)),
    ...(scores == null ? [] : renderScores(scores)),
    ...(snapshot.failure === undefined ? [] : [snapshot.failure]),
  ];
}

function duration(from: Date, to = new Date()): string {
  const seconds = Math.round((to.getTime() - from.getTime()) / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

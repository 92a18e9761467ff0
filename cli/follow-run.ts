/** Follows a run to its end: live bars in a terminal, one line a change elsewhere. */
import type { WriteStream } from 'node:tty';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { pipelineResultSchema, type PipelineResult } from '../contracts/progress.ts';
import { RunFailedError } from './failures.ts';
import { LiveLines } from './live-lines.ts';
import { renderSteps, stepViews } from './render-run.ts';
import { isConnectionLoss, snapshotOf, type RunSnapshot } from './watch-run.ts';

export interface FollowOptions {
  readonly client: Client;
  readonly runId: string;
  readonly output: WriteStream | NodeJS.WriteStream;
  /** Stops following; the run goes on. */
  readonly signal?: AbortSignal;
}

const POLL_MS = 1_000;

/**
 * Returns the run's result, or `undefined` when `signal` came first. Throws `RunFailedError` when the run
 * failed or was cancelled. A server that is away for a while is waited for.
 */
export async function followRun(options: FollowOptions): Promise<PipelineResult | undefined> {
  const { client, runId, output, signal } = options;
  const view = output.isTTY ? liveView(output) : plainView(output);
  let isAway = false;
  while (signal?.aborted !== true) {
    try {
      const snapshot = await snapshotOf(client, runId);
      if (isAway) view.note('Temporal answers again.');
      isAway = false;
      view.show(snapshot);
      if (snapshot.state !== 'RUNNING') return await resultOf(client, snapshot);
    } catch (error) {
      if (!isConnectionLoss(error)) throw error;
      if (!isAway) view.note('Temporal does not answer; waiting until it is back.');
      isAway = true;
    }
    await sleep(POLL_MS, undefined, signal ? { signal } : {}).catch(() => undefined);
  }
  return undefined;
}

async function resultOf(client: Client, snapshot: RunSnapshot): Promise<PipelineResult> {
  const { runId, state, failure } = snapshot;
  if (state === 'COMPLETED') {
    return pipelineResultSchema.parse(await client.workflow.getHandle(runId).result());
  }
  throw new RunFailedError(
    `The run ${runId} ended as ${state.toLowerCase()}. ${failure ?? ''}`.trimEnd(),
    { runId, state },
  );
}

interface View {
  show(snapshot: RunSnapshot): void;
  note(text: string): void;
}

function liveView(output: WriteStream): View {
  const lines = new LiveLines(output);
  let isStartShown = false;
  return {
    show: (snapshot) => {
      const startedFrom = snapshot.status?.history[0]?.startedFrom;
      if (startedFrom !== undefined && !isStartShown) lines.note(startedFrom);
      isStartShown ||= startedFrom !== undefined;
      lines.draw(renderSteps(snapshot));
    },
    note: (text) => lines.note(text),
  };
}

/** For logs: a line when a step changes its state, and one for each epoch. */
export function plainView(output: { write(text: string): unknown }): View {
  const shown = new Map<string, string>();
  let epochsShown = 0;
  let isPaused = false;
  const note = (text: string) => output.write(`${text}\n`);
  const showEpochs = ({ status }: RunSnapshot) => {
    for (const epoch of status?.history.slice(epochsShown) ?? []) {
      if (epoch.startedFrom !== undefined) note(epoch.startedFrom);
      const validation = epoch.validation?.total.toFixed(4) ?? '–';
      note(
        `epoch ${epoch.epoch} of ${status?.epochs.total ?? 0} (${epoch.stage}): loss ` +
          `${epoch.training.total.toFixed(4)}, validation loss ${validation}, ${epoch.seconds.toFixed(0)} s`,
      );
    }
    epochsShown = Math.max(epochsShown, status?.history.length ?? 0);
  };
  return {
    note,
    show: (snapshot) => {
      const views = stepViews(snapshot);
      for (const { step, state, text } of views) {
        if (step === 'train' && state !== 'running') showEpochs(snapshot);
        if (state === 'waiting' || shown.get(step) === state) continue;
        shown.set(step, state);
        const isOver = state === 'done' || state === 'skipped';
        note(`${step}: ${state}${isOver && text !== '' ? ` (${text})` : ''}`);
      }
      showEpochs(snapshot);
      for (const warning of snapshot.status?.notes ?? []) {
        if (!shown.has(warning)) note(warning);
        shown.set(warning, '');
      }
      if (snapshot.status?.state === 'paused' && !isPaused) note('paused');
      if (snapshot.status?.state === 'running' && isPaused) note('goes on');
      isPaused = snapshot.status?.state === 'paused';
      for (const { type, attempt, lastFailure } of snapshot.activities) {
        const retry = `${type} try ${attempt}`;
        if (attempt === 1 || shown.has(retry)) continue;
        shown.set(retry, '');
        note(`${retry}: ${lastFailure ?? 'its worker was lost'}`);
      }
    },
  };
}

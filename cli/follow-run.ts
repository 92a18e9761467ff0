/** Follows a run to its end: live bars in a terminal, one line a change elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { bestEpochOf } from '../contracts/best-epoch.ts';
import { pipelineResultSchema, type PipelineResult } from '../contracts/progress.ts';
import { isTerminal, paletteFor, type Palette } from './colours.ts';
import { RunFailedError } from './failures.ts';
import { LiveLines, type LineOutput } from './live-lines.ts';
import { renderNotes, renderSteps, stepViews } from './render-run.ts';
import { RateMeter } from './runs/rate-meter.ts';
import { isConnectionLoss, snapshotOf, type RunSnapshot } from './watch-run.ts';

export interface FollowOptions {
  readonly client: Client;
  readonly runId: string;
  readonly output: LineOutput;
  /** Stops following; the run goes on. */
  readonly signal?: AbortSignal;
}

const POLL_MS = 1_000;
/** The client itself would try for half a minute before it says that a server is away. */
const ANSWER_MS = 5_000;

/**
 * Returns the run's result, or `undefined` when `signal` came first. Throws `RunFailedError` when the run
 * failed or was cancelled. A server that is away for a while is waited for.
 */
export async function followRun(options: FollowOptions): Promise<PipelineResult | undefined> {
  const { client, runId, output, signal } = options;
  const view = isTerminal(output, process.env) ? liveView(output) : plainView(output);
  let isAway = false;
  while (signal?.aborted !== true) {
    try {
      const snapshot = await client.connection.withDeadline(Date.now() + ANSWER_MS, () =>
        snapshotOf(client, runId),
      );
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

function liveView(output: LineOutput): View {
  const lines = new LiveLines(output);
  const meter = new RateMeter();
  const palette = paletteFor(output);
  const noted = new Set<string>();
  return {
    show: (snapshot) => {
      const { status, activities } = snapshot;
      meter.observe(activities, performance.now());
      const startedFrom = status?.history[0]?.startedFrom;
      const news = [...(startedFrom === undefined ? [] : [startedFrom]), ...(status?.notes ?? [])];
      for (const text of news.filter((one) => !noted.has(one))) lines.note(text);
      for (const text of news) noted.add(text);
      const rateOf = (activity: RunSnapshot['activities'][number]) => meter.rateOf(activity);
      lines.draw([...renderSteps(snapshot, { palette, rateOf }), ...epochLine(status, palette)]);
    },
    note: (text) => lines.note(text),
  };
}

/** How the last finished epoch went, beside the best one; nothing before there is one. */
function epochLine(status: RunSnapshot['status'], { dim }: Palette): string[] {
  const last = status?.history.at(-1);
  if (last === undefined) return [];
  const best = bestEpochOf(status?.history ?? []);
  const words = [
    `epoch ${last.epoch} (${last.stage}): loss ${last.training.total.toFixed(4)}`,
    ...(last.validation === null ? [] : [`validation loss ${last.validation.total.toFixed(4)}`]),
    ...(best === null || best.epoch === last.epoch
      ? []
      : [`best ${best.loss.toFixed(4)} at epoch ${best.epoch}`]),
  ];
  return [dim(`  ${words.join(' · ')}`)];
}

/** For logs: a line when a step changes its state, and one for each epoch. */
export function plainView(output: Pick<LineOutput, 'write'>): View {
  const shown = new Map<string, string>();
  let epochsShown = 0;
  let standing: string | undefined;
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
  const showStanding = ({ status }: RunSnapshot) => {
    if (status === undefined) return;
    const { state } = status;
    const stands = state === 'paused' || state === 'waiting for approval' ? state : undefined;
    if (stands !== undefined && stands !== standing) {
      note(stands);
      if (stands === 'waiting for approval') renderNotes(status).forEach(note);
    }
    if (stands === undefined && standing !== undefined && state === 'running') note('goes on');
    standing = stands;
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
      showStanding(snapshot);
      for (const { type, attempt, lastFailure } of snapshot.activities) {
        const retry = `${type} try ${attempt}`;
        if (attempt === 1 || shown.has(retry)) continue;
        shown.set(retry, '');
        note(`${retry}: ${lastFailure ?? 'its worker was lost'}`);
      }
    },
  };
}

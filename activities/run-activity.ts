/** The frame of every activity: progress out as heartbeats and metrics, cancellation in as a signal, errors as failures. */
import { AsyncResource } from 'node:async_hooks';
import { Context, type Info } from '@temporalio/activity';
import type { ActivityProgress } from '../contracts/progress.ts';
import type { LogLine } from '../trainer/log-line.ts';
import { activityFailure } from './failures.ts';
import { progressHeartbeat } from './heartbeat.ts';
import { workMetrics } from './work-metrics.ts';

export interface ActivityHooks {
  readonly onProgress: (progress: ActivityProgress) => void;
  /** Into the worker's log, with the activity's run, workflow and attempt. */
  readonly onLog: (line: LogLine) => void;
  /** Aborted when the run is cancelled, the attempt was given up, or the worker shuts down. */
  readonly signal: AbortSignal;
}

export interface ActivityFrame {
  /** Added to the values in a failure's details: what whoever handles it goes on from. @default none */
  readonly failureValues?: () => Readonly<Record<string, unknown>>;
}

/** Runs `work` as the body of the current activity. */
export async function runActivity<T>(
  work: (hooks: ActivityHooks, info: Info) => Promise<T>,
  { failureValues }: ActivityFrame = {},
): Promise<T> {
  const context = Context.current();
  const { cancellationSignal: signal, info, log, metricMeter } = context;
  const metrics = workMetrics(metricMeter, info.attempt);
  using heartbeat = progressHeartbeat(context);
  const hooks: ActivityHooks = {
    signal,
    onProgress: (progress) => {
      metrics.onProgress(progress);
      heartbeat.onProgress(progress);
    },
    // The trainer's lines come from a stream that an earlier activity may have opened: they are of this one's span.
    onLog: AsyncResource.bind(({ level, message, fields }: LogLine) => {
      log[level](message, { ...fields });
    }),
  };
  try {
    return await work(hooks, info);
  } catch (error) {
    if (!signal.aborted) metrics.onFailure(error);
    throw activityFailure(error, signal, failureValues?.());
  }
}

/** The frame of every activity: progress out as heartbeats, cancellation in as a signal, errors as failures. */
import { Context, type Info } from '@temporalio/activity';
import type { ActivityProgress } from '../contracts/progress.ts';
import { activityFailure } from './failures.ts';
import { progressHeartbeat } from './heartbeat.ts';

export interface ActivityHooks {
  readonly onProgress: (progress: ActivityProgress) => void;
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
  const { cancellationSignal: signal, info } = context;
  using heartbeat = progressHeartbeat(context);
  try {
    return await work({ onProgress: heartbeat.onProgress, signal }, info);
  } catch (error) {
    throw activityFailure(error, signal, failureValues?.());
  }
}

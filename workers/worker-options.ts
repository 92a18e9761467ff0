/** What all workers share: how they beat, how they stop, and what is told of their work. */
import { hostname } from 'node:os';
import type { NativeConnection, WorkerOptions } from '@temporalio/worker';
import { activityLog } from './activity-log.ts';
import type { Tracing } from './tracing.ts';

export interface WorkerPlace {
  readonly connection: NativeConnection;
  readonly namespace: string;
  /** Absent where no traces are wanted. */
  readonly tracing?: Tracing | undefined;
}

type Shared = Pick<
  WorkerOptions,
  | 'connection'
  | 'namespace'
  | 'identity'
  | 'interceptors'
  | 'sinks'
  | 'maxHeartbeatThrottleInterval'
  | 'shutdownGraceTime'
  | 'shutdownForceTime'
>;

export function sharedOptions(
  role: 'data' | 'gpu',
  { connection, namespace, tracing }: WorkerPlace,
): Shared {
  return {
    connection,
    namespace,
    identity: `${role}@${hostname()}:${process.pid}`,
    // Tracing around the log, so that its lines name their span.
    interceptors: { activity: tracing ? [tracing.activity, activityLog] : [activityLog] },
    ...(tracing ? { sinks: tracing.sinks } : {}),
    // The default holds beats back for 0.8 of the heartbeat timeout: too late for a progress bar, and
    // cancellation arrives with the answers to beats.
    maxHeartbeatThrottleInterval: '2s',
    // Short work ends by itself; longer work is then cancelled, and goes to another worker at once instead of
    // after a heartbeat timeout. An epoch never ends within seconds: it needs the time to end its step and to
    // save (`saveGraceMs` in trainer/host.ts). Within Kubernetes' default of 30 s.
    shutdownGraceTime: role === 'gpu' ? '0s' : '5s',
    shutdownForceTime: '25s',
  };
}

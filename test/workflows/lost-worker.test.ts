/** A GPU worker process that is killed, or told to stop, in the middle of an epoch: real processes, real signals. */
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import {
  startTemporal,
  startWorkers,
  type RunningWorkers,
  type TestTemporalServer,
} from './support/environment.ts';
import { fakeActivities, request } from './support/fake-activities.ts';
import { eventually, startPipeline, statusOf } from './support/runs.ts';

// Two processes start one after the other, on a machine that may be busy.
const PATIENCE_MS = 180_000;
const WORKER = fileURLToPath(new URL('./support/killable-gpu-worker.ts', import.meta.url));

let environment: TestTemporalServer;
let others: RunningWorkers;
let folder: string;
const children: ChildProcess[] = [];

beforeAll(async () => {
  environment = await startTemporal();
  others = await startWorkers(environment, fakeActivities().activities, { gpu: false });
});
afterAll(async () => {
  await others.stop();
  await environment.teardown();
});
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'lesionflow-'));
});
afterEach(async () => {
  for (const child of children.splice(0)) {
    if (child.exitCode !== null || child.signalCode !== null) continue;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
  rmSync(folder, { recursive: true });
});

function forkGpuWorker(): ChildProcess {
  const child = fork(WORKER, {
    execArgv: ['--import', 'tsx'],
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: environment.address,
      TEMPORAL_NAMESPACE: environment.namespace,
      LESIONFLOW_LOG_LEVEL: 'error',
      EPOCH_LOG: join(folder, 'epochs'),
      STUCK_EPOCH: '2',
    },
  });
  children.push(child);
  return child;
}

/** `epoch/attempt` of every epoch that was begun. */
function begun(): string[] {
  try {
    return readFileSync(join(folder, 'epochs'), 'utf8').trim().split('\n');
  } catch {
    return [];
  }
}

/** The attempt that each activity of a stage's epochs ended with, and why the one before it failed. */
async function attemptsOf(stageId: string) {
  const { events = [] } = await environment.client.workflow.getHandle(stageId).fetchHistory();
  const epochs = new Set(
    events?.flatMap(({ eventId, activityTaskScheduledEventAttributes: scheduled }) =>
      scheduled?.activityType?.name === 'trainEpoch' ? [String(eventId)] : [],
    ),
  );
  return (events ?? []).flatMap(({ activityTaskStartedEventAttributes: started }) =>
    started && epochs.has(String(started.scheduledEventId))
      ? [{ attempt: started.attempt, lost: started.lastFailure?.message ?? null }]
      : [],
  );
}

it(
  'kill -9 costs the epoch it was in, and nothing else',
  async () => {
    const doomed = forkGpuWorker();
    const run = await startPipeline(
      environment,
      { ...request, timeouts: { heartbeatSeconds: 5 } },
      'killed-worker',
    );
    await eventually(() => Promise.resolve(begun().includes('2/1')));
    doomed.kill('SIGKILL');
    await once(doomed, 'exit');

    forkGpuWorker();
    await run.result();
    expect(begun()).toEqual(['1/1', '2/1', '2/2', '3/1']);
    expect(await attemptsOf('killed-worker-heads')).toEqual([
      { attempt: 1, lost: null },
      { attempt: 2, lost: 'activity Heartbeat timeout' },
    ]);
    expect((await statusOf(run)).history.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
  },
  PATIENCE_MS,
);

it(
  'SIGTERM hands the epoch over at once, without waiting for a heartbeat timeout',
  async () => {
    const leaving = forkGpuWorker();
    const run = await startPipeline(
      environment,
      { ...request, timeouts: { heartbeatSeconds: 600 } },
      'leaving-worker',
    );
    await eventually(() => Promise.resolve(begun().includes('2/1')));
    leaving.kill('SIGTERM');
    const [code] = (await once(leaving, 'exit')) as [number | null];
    expect(code).toBe(0);

    forkGpuWorker();
    await run.result();
    // It was interrupted, which is no attempt that failed, and goes on from what it had saved.
    expect(begun()).toEqual(['1/1', '2/1', '2/1 from within', '3/1']);
    expect(await attemptsOf('leaving-worker-heads')).toEqual(
      Array.from({ length: 3 }, () => ({ attempt: 1, lost: null })),
    );
  },
  PATIENCE_MS,
);

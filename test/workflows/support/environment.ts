/** A Temporal dev server of a test file's own, with workers on the three queues. */
import type { Client } from '@temporalio/client';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type NativeConnection } from '@temporalio/worker';
import type { DataActivities, TrainingActivities } from '../../../contracts/activities.ts';
import { taskQueues } from '../../../contracts/task-queues.ts';
import { startTestTemporal } from '../../support/temporal-server.ts';
import { workflowBundle } from '../../../workers/workflow-bundle.ts';

const quiet = new DefaultLogger('ERROR');

export interface TestTemporalServer {
  readonly address: string;
  readonly namespace: string;
  readonly client: Client;
  readonly nativeConnection: NativeConnection;
  teardown(): Promise<void>;
}

export async function startTemporal(): Promise<TestTemporalServer> {
  Runtime.install({ logger: quiet });
  const server = await startTestTemporal();
  const { address, namespace } = server;
  const connected = await TestWorkflowEnvironment.createFromExistingServer({ address, namespace });
  const { client, nativeConnection } = connected;
  return {
    address,
    namespace,
    client,
    nativeConnection,
    teardown: async () => {
      await connected.teardown();
      await server.stop();
    },
  };
}

export interface RunningWorkers {
  stop(): Promise<void>;
}

/** Which queues get a worker: each by default. */
interface Queues {
  readonly pipeline?: boolean;
  readonly data?: boolean;
  readonly gpu?: boolean;
}

/** Workers with `activities`, one a queue. */
export async function startWorkers(
  environment: TestTemporalServer,
  activities: DataActivities & TrainingActivities,
  { pipeline = true, data = true, gpu = true }: Queues = {},
): Promise<RunningWorkers> {
  const shared = {
    connection: environment.nativeConnection,
    maxHeartbeatThrottleInterval: '200ms',
  } as const;
  const bundle = await workflowBundle();
  const workers = await Promise.all([
    ...(pipeline
      ? [Worker.create({ ...shared, taskQueue: taskQueues.pipeline, workflowBundle: bundle })]
      : []),
    ...(data ? [Worker.create({ ...shared, taskQueue: taskQueues.data, activities })] : []),
    ...(gpu ? [Worker.create({ ...shared, taskQueue: taskQueues.gpu, activities })] : []),
  ]);
  const running = workers.map((worker) => worker.run());
  return {
    stop: async () => {
      for (const worker of workers) worker.shutdown();
      await Promise.all(running);
    },
  };
}

/** Runs `work` while such workers serve. */
export async function withWorkers<T>(
  environment: TestTemporalServer,
  activities: DataActivities & TrainingActivities,
  work: () => Promise<T>,
  options: Queues = {},
): Promise<T> {
  const workers = await startWorkers(environment, activities, options);
  try {
    return await work();
  } finally {
    await workers.stop();
  }
}

/** Runs `work` while a worker decides for the workflows. */
export async function withPipelineWorker<T>(
  { nativeConnection: connection }: TestTemporalServer,
  work: () => Promise<T>,
): Promise<T> {
  const taskQueue = taskQueues.pipeline;
  const worker = await Worker.create({
    ...{ connection, taskQueue, workflowBundle: await workflowBundle() },
  });
  return worker.runUntil(work);
}

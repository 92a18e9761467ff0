/** A Temporal dev server of a test file's own, with workers on the three queues. */
import { fileURLToPath } from 'node:url';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import type { DataActivities, TrainingActivities } from '../../../contracts/activities.ts';
import { taskQueues } from '../../../contracts/task-queues.ts';
import { workflowBundle } from '../../../workers/workflow-bundle.ts';

const TEMPORAL = fileURLToPath(new URL('../../../.lesionflow/tools/temporal', import.meta.url));

const quiet = new DefaultLogger('ERROR');

export async function startTemporal(): Promise<TestWorkflowEnvironment> {
  Runtime.install({ logger: quiet });
  return TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: TEMPORAL } },
  });
}

export interface RunningWorkers {
  stop(): Promise<void>;
}

/** Workers with `activities` on the pipeline, data and (if `gpu`) GPU queues. */
export async function startWorkers(
  environment: TestWorkflowEnvironment,
  activities: DataActivities & TrainingActivities,
  { gpu = true }: { readonly gpu?: boolean } = {},
): Promise<RunningWorkers> {
  const shared = {
    connection: environment.nativeConnection,
    maxHeartbeatThrottleInterval: '200ms',
  } as const;
  const bundle = await workflowBundle(quiet);
  const workers = await Promise.all([
    Worker.create({ ...shared, taskQueue: taskQueues.pipeline, workflowBundle: bundle }),
    Worker.create({ ...shared, taskQueue: taskQueues.data, activities }),
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
  environment: TestWorkflowEnvironment,
  activities: DataActivities & TrainingActivities,
  work: () => Promise<T>,
  options: { readonly gpu?: boolean } = {},
): Promise<T> {
  const workers = await startWorkers(environment, activities, options);
  try {
    return await work();
  } finally {
    await workers.stop();
  }
}

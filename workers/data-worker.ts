/**
 * Hosts the workflows, and fetches, unpacks, inspects, splits and packs data:
 * `node --import tsx workers/data-worker.ts`. Environment: Temporal (connection.ts), the store
 * (storage/s3-settings.ts), `LESIONFLOW_LOG_LEVEL`.
 */
import { Worker } from '@temporalio/worker';
import { createDataActivities } from '../activities/create-data-activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import { createS3ObjectStore } from '../storage/s3-object-store.ts';
import { s3SettingsFromEnvironment } from '../storage/s3-settings.ts';
import { serve } from './serve.ts';
import { sharedOptions } from './worker-options.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Both archives of a run at once, and another run beside it; more would only share disk and network. */
const DATA_SLOTS = 4;

await serve('data', async (place) => {
  const store = createS3ObjectStore(s3SettingsFromEnvironment(process.env));
  const shared = sharedOptions('data', place);
  const workflows = await Worker.create({
    ...shared,
    taskQueue: taskQueues.pipeline,
    workflowBundle: await workflowBundle(),
  });
  const data = await Worker.create({
    ...shared,
    taskQueue: taskQueues.data,
    activities: createDataActivities({ store }),
    maxConcurrentActivityTaskExecutions: DATA_SLOTS,
  });
  return { workers: [workflows, data], close: () => store[Symbol.dispose]() };
});

/**
 * Hosts the workflows, and fetches, unpacks, inspects, splits and packs data:
 * `node --import tsx workers/data-worker.ts`. Environment: Temporal (connection.ts), the store
 * (storage/s3-settings.ts), the build of the workflows' code (versioning.ts), search attributes (search-attributes.ts), log
 * and metrics (runtime.ts, metrics.ts), traces (tracing.ts).
 */
import { Worker } from '@temporalio/worker';
import { createDataActivities } from '../activities/create-data-activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import { sweepOldUploads } from '../storage/sweep-uploads.ts';
import { openProvenStore } from './proven-store.ts';
import { searchAttributeNames, warnOfMissing } from './search-attributes.ts';
import { serve } from './serve.ts';
import { workflowVersion } from './versioning.ts';
import { sharedOptions } from './worker-options.ts';
import { workflowBundle } from './workflow-bundle.ts';

/** Both archives of a run at once, and another run beside it; more would only share disk and network. */
const DATA_SLOTS = 4;

await serve('data', async (place, logger) => {
  const searchAttributes = searchAttributeNames(place, process.env);
  await warnOfMissing(searchAttributes, logger);
  const store = await openProvenStore(process.env);
  try {
    const count = await sweepOldUploads(store);
    if (count > 0) logger.info('Uploads that were over a day old are aborted', { count });
  } catch (error) {
    // Tidying must not keep a worker from its work, e.g. where the store's user may not list uploads.
    logger.warn('Old uploads could not be swept away', { error });
  }
  const shared = sharedOptions('data', place);
  const workflows = await Worker.create({
    ...shared,
    ...workflowVersion(process.env),
    taskQueue: taskQueues.pipeline,
    workflowBundle: await workflowBundle(place.tracing?.workflowModules),
  });
  const data = await Worker.create({
    ...shared,
    taskQueue: taskQueues.data,
    activities: createDataActivities({ store, searchAttributes }),
    maxConcurrentActivityTaskExecutions: DATA_SLOTS,
  });
  return { workers: [workflows, data], close: () => store[Symbol.dispose]() };
});

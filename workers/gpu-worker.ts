/**
 * Trains, evaluates and publishes, one task at a time, where the accelerator is:
 * `node --import tsx workers/gpu-worker.ts`. Environment: Temporal (connection.ts), the store
 * (storage/s3-settings.ts), log and metrics (runtime.ts, metrics.ts), traces (tracing.ts), and the accelerator's own, e.g.
 * `CUDA_VISIBLE_DEVICES`.
 */
import { Worker } from '@temporalio/worker';
import { createTrainingActivities } from '../activities/create-training-activities.ts';
import { taskQueues } from '../contracts/task-queues.ts';
import { TrainerHost } from '../trainer/host.ts';
import { openProvenStore } from './proven-store.ts';
import { serve } from './serve.ts';
import { sharedOptions } from './worker-options.ts';

await serve('gpu', async (place, logger) => {
  // The trainer opens the store itself; a wrong setting or an unfit store shows here and not hours later.
  (await openProvenStore(process.env)).close();
  const trainer = new TrainerHost({
    // While a task is done its activity listens, which knows more of it.
    onLog: ({ level, message, fields }) => {
      logger[level](message, { ...fields, component: 'trainer' });
    },
  });
  const worker = await Worker.create({
    ...sharedOptions('gpu', place),
    taskQueue: taskQueues.gpu,
    activities: createTrainingActivities({ trainer }),
    maxConcurrentActivityTaskExecutions: 1,
  });
  return { workers: [worker], close: () => trainer.close() };
});

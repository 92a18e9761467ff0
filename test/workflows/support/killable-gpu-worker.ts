/**
 * A GPU worker process whose epochs only pretend: forked by a test to be killed. Notes each epoch's start in
 * the file `EPOCH_LOG`; the first attempt of epoch `STUCK_EPOCH` works on until it is stopped.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { runActivity } from '../../../activities/run-activity.ts';
import { taskQueues } from '../../../contracts/task-queues.ts';
import { serve } from '../../../workers/serve.ts';
import { sharedOptions } from '../../../workers/worker-options.ts';
import { epochOutput, fakeActivities } from './fake-activities.ts';

const { activities } = fakeActivities({
  trainEpoch: (input) =>
    runActivity(async ({ onProgress, signal }, { attempt }) => {
      appendFileSync(process.env['EPOCH_LOG'] ?? '', `${input.epoch}/${attempt}\n`);
      const stuck = input.epoch === Number(process.env['STUCK_EPOCH']) && attempt === 1;
      for (let step = 0; stuck || step < 3; step++) {
        onProgress({ done: step, total: 1000, unit: 'steps' });
        await sleep(50, undefined, { signal });
      }
      return epochOutput(input);
    }),
});

await serve('gpu', async (place) => ({
  workers: [
    await Worker.create({
      ...sharedOptions('gpu', place),
      taskQueue: taskQueues.gpu,
      activities,
      maxConcurrentActivityTaskExecutions: 1,
    }),
  ],
  close: () => undefined,
}));

/**
 * A GPU worker process whose epochs only pretend: forked by a test to be killed. Notes each epoch's start in
 * the file `EPOCH_LOG`; the first attempt of epoch `STUCK_EPOCH` works on until it is stopped, and hands over.
 */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from '@temporalio/worker';
import { runActivity } from '../../../activities/run-activity.ts';
import { taskQueues } from '../../../contracts/task-queues.ts';
import { serve } from '../../../workers/serve.ts';
import { sharedOptions } from '../../../workers/worker-options.ts';
import { checkpointOf, epochOutput, fakeActivities } from './fake-activities.ts';

const { activities } = fakeActivities({
  trainEpoch: (input) =>
    runActivity(async ({ onProgress, signal }, { attempt }) => {
      const within =
        input.start.kind === 'checkpoint' && input.start.checkpoint.epoch === input.epoch;
      appendFileSync(
        process.env['EPOCH_LOG'] ?? '',
        `${input.epoch}/${attempt}${within ? ' from within' : ''}\n`,
      );
      const isStuck =
        input.epoch === Number(process.env['STUCK_EPOCH']) && attempt === 1 && !within;
      for (let step = 0; isStuck || step < 3; step++) {
        onProgress({ done: step, total: 1000, unit: 'steps' });
        await sleep(50, undefined, { signal }).catch(() => undefined);
        // As the trainer does when its worker leaves.
        if (signal.aborted) return { kind: 'interrupted', checkpoint: checkpointOf(input, 1) };
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

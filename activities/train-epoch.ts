/**
 * One epoch in the trainer process: from a checkpoint, or the initial weights, to the next checkpoint.
 *
 * Whatever ends an attempt, the next one hears of the checkpoints that were saved within it: by the details of the
 * last heartbeat, by the details of the failure, or by the result of an epoch that was interrupted.
 */
import { Context } from '@temporalio/activity';
import type { ActivityCancellationDetails } from '@temporalio/common';
import type { TrainEpochOutput, TrainingActivities } from '../contracts/activities.ts';
import type { ActivityProgress } from '../contracts/progress.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import type { TrainerHost } from '../trainer/host.ts';
import { attemptName } from './attempt-name.ts';
import { leftBehind } from './left-behind.ts';
import { runActivity } from './run-activity.ts';
import { trainingMetrics } from './training-metrics.ts';

export const trainEpochActivity =
  (trainer: Pick<TrainerHost, 'run'>): TrainingActivities['trainEpoch'] =>
  (input) => {
    const context = Context.current();
    const left = leftBehind(context.info.heartbeatDetails, input.config.stepsPerEpoch);
    let latest: ActivityProgress | undefined;
    const newest = () => (latest?.checkpoints ?? left.checkpoints)[0] ?? null;

    return runActivity(
      async ({ onProgress, onLog, signal }, info) => {
        const attempt = attemptName(info);
        const task = { kind: 'train-epoch', attempt, input, leftBehind: left } as const;
        const metrics = trainingMetrics(context.metricMeter, input, left);
        const output = await trainer
          .run(task, {
            ...{ signal, onLog, stallTimeoutMs: info.heartbeatTimeoutMs },
            onMeasure: metrics.onMeasure,
            onProgress: (progress) => {
              latest = progress;
              metrics.onProgress(progress);
              onProgress(progress);
            },
          })
          .catch((error: unknown): TrainEpochOutput => {
            // It was told to stop and did not manage to save: what was saved before counts.
            if (!signal.aborted) throw error;
            return { kind: 'interrupted', checkpoint: newest() };
          })
          .finally(metrics.onEnd);
        metrics.onOutput(output);
        if (output.kind === 'finished' || isHandover(context.cancellationDetails)) return output;
        const beat = lastBeat(latest, output.checkpoint);
        if (beat !== undefined) context.heartbeat(beat);
        throw signal.reason as Error;
      },
      { failureValues: () => ({ checkpoints: latest?.checkpoints ?? left.checkpoints }) },
    );
  };

/**
 * Does the workflow go on from what is returned? Yes, when the run asked for the end (it is paused or cancelled),
 * and when the worker leaves. The server's own pause and reset of an activity would take a result for the
 * epoch's; the next attempt then goes on from the last heartbeat.
 */
function isHandover(reasons: ActivityCancellationDetails | undefined): boolean {
  return reasons?.cancelRequested === true || reasons?.workerShutdown === true;
}

/** The last progress, with what was saved since. */
function lastBeat(
  latest: ActivityProgress | undefined,
  checkpoint: CheckpointRef | null,
): ActivityProgress | undefined {
  if (latest === undefined || checkpoint === null) return undefined;
  const { checkpoints = [] } = latest;
  const others = checkpoints.filter(({ manifestKey }) => manifestKey !== checkpoint.manifestKey);
  return { ...latest, checkpoints: [checkpoint, ...others] };
}

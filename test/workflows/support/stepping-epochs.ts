/**
 * Epochs of fakes that take their steps one by one and behave as activities/train-epoch.ts does: they
 * heartbeat checkpoints, go on from those of an attempt before, return interrupted when the run or the worker
 * asks, and throw when the server pauses or resets the activity. A test stops them at a step.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { z } from 'zod';
import type { TrainEpochInput, TrainEpochOutput } from '../../../contracts/activities.ts';
import { checkpointRefSchema, type CheckpointRef } from '../../../contracts/references.ts';
import { checkpointOf, epochOutput, STEPS } from './fake-activities.ts';
import { eventually } from './runs.ts';

const leftBehindSchema = z.object({ checkpoints: z.array(checkpointRefSchema) });

export class SteppingEpochs {
  /** Every step that was taken, e.g. `2:5`; each once, where nothing was lost. */
  readonly taken: string[] = [];
  /** What each activity was given. */
  readonly inputs: TrainEpochInput[] = [];
  #stop: string | undefined;
  #standing: string | undefined;

  /** Epochs stand before this step until `goOn`. */
  standAt(epoch: number, step: number): void {
    this.#stop = `${epoch}:${step}`;
  }

  get isStanding(): boolean {
    return this.#standing !== undefined;
  }

  async untilStanding(): Promise<void> {
    await eventually(() => Promise.resolve(this.isStanding));
  }

  goOn(): void {
    this.#stop = undefined;
  }

  readonly trainEpoch = async (input: TrainEpochInput): Promise<TrainEpochOutput> => {
    const context = Context.current();
    this.inputs.push(input);
    const checkpoint = startOf(input, context.info.heartbeatDetails);
    let done = checkpoint?.epoch === input.epoch ? checkpoint.stepInEpoch : 0;
    const beat = () =>
      context.heartbeat({
        ...{ done, total: STEPS, unit: 'steps' },
        checkpoints: done === 0 ? [] : [checkpointOf(input, done)],
      });
    const isStopped = () => context.cancellationSignal.aborted;
    for (; done < STEPS && !isStopped();) {
      beat();
      const step = `${input.epoch}:${done + 1}`;
      while (step === this.#stop && !isStopped()) {
        this.#standing = step;
        await sleep(20);
        beat();
      }
      this.#standing = undefined;
      if (isStopped()) break;
      this.taken.push(step);
      done++;
    }
    if (done === STEPS) return epochOutput(input);
    const { cancelRequested, workerShutdown } = context.cancellationDetails ?? {};
    if (cancelRequested === true || workerShutdown === true) {
      return { kind: 'interrupted', checkpoint: done === 0 ? null : checkpointOf(input, done) };
    }
    beat();
    throw context.cancellationSignal.reason as Error;
  };
}

/** All steps of these epochs, each once and in order. */
export const stepsOf = (...epochs: readonly number[]): string[] =>
  epochs.flatMap((epoch) => Array.from({ length: STEPS }, (_, index) => `${epoch}:${index + 1}`));

function startOf({ start }: TrainEpochInput, heartbeatDetails: unknown): CheckpointRef | undefined {
  const left = leftBehindSchema.safeParse(heartbeatDetails).data?.checkpoints[0];
  return left ?? (start.kind === 'checkpoint' ? start.checkpoint : undefined);
}

/**
 * What a failed epoch leaves to go on from. Its attempts may have run out although each got further: every
 * attempt heartbeats the checkpoints that it saved, so there was progress when the newest of them lies
 * beyond where the activity began. Then it was killed often, which is no reason to give up; a crash that
 * always comes back at the same place is.
 */
import {
  ActivityFailure,
  ApplicationFailure,
  isCancellation,
  TimeoutFailure,
} from '@temporalio/workflow';
import { z } from 'zod';
import type { InterruptedEpoch, TrainEpochInput } from '../contracts/activities.ts';
import { checkpointRefSchema, type CheckpointRef } from '../contracts/references.ts';
import { unwrapFailure } from './run-failure.ts';

/** Of heartbeats and of failures: others know more fields. */
const checkpointsSchema = z.object({ checkpoints: z.array(checkpointRefSchema).min(1) });
const damagedSchema = z.object({ checkpoint: checkpointRefSchema });

/** How the SDK reports an attempt that the server's own pause or reset of activities ended. */
const BY_THE_SERVER = ['ActivityPause', 'ActivityReset'];

/** The epoch as interrupted, where it may go on; `undefined` where the failure is final. */
export function interruptionOf(
  error: unknown,
  input: Pick<TrainEpochInput, 'epoch' | 'start'>,
): InterruptedEpoch | undefined {
  // Cancelled before an attempt of it had begun.
  if (isCancellation(error)) return { kind: 'interrupted', checkpoint: null };
  if (!(error instanceof ActivityFailure)) return undefined;
  const { cause, retryState } = error;
  const isOurs = cause instanceof ApplicationFailure;
  if (isOurs && cause.nonRetryable === true) return undefined;
  const checkpoint = newestCheckpoint(cause) ?? null;
  if (checkpoint !== null && isBeyond(checkpoint, input))
    return { kind: 'interrupted', checkpoint };
  const wasAskedTo =
    retryState === 'CANCEL_REQUESTED' || (isOurs && BY_THE_SERVER.includes(cause.type ?? ''));
  return wasAskedTo ? { kind: 'interrupted', checkpoint: null } : undefined;
}

/** The checkpoint that `error`, wrapped or not, says is damaged; `undefined` when it says something else. */
export function damagedCheckpoint(error: unknown): CheckpointRef | undefined {
  const reason = unwrapFailure(error);
  if (!(reason instanceof ApplicationFailure) || reason.type !== 'checkpoint-damaged') return;
  return damagedSchema.safeParse(reason.details?.[0], { jitless: true }).data?.checkpoint;
}

/** Newest first: a later attempt heartbeats those of earlier ones until it has its own. */
function newestCheckpoint(cause: unknown): CheckpointRef | undefined {
  const details =
    cause instanceof TimeoutFailure
      ? cause.lastHeartbeatDetails
      : cause instanceof ApplicationFailure
        ? cause.details?.[0]
        : undefined;
  // Code may not be generated in the workflow's sandbox.
  return checkpointsSchema.safeParse(details, { jitless: true }).data?.checkpoints[0];
}

function isBeyond(
  { epoch, stepInEpoch }: CheckpointRef,
  { epoch: wanted, start }: Pick<TrainEpochInput, 'epoch' | 'start'>,
): boolean {
  const began =
    start.kind === 'checkpoint' && start.checkpoint.epoch === wanted
      ? start.checkpoint.stepInEpoch
      : 0;
  return epoch === wanted && stepInEpoch > began;
}

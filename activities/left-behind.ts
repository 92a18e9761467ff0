/**
 * What an epoch's earlier attempts left behind: the server keeps the details of their last heartbeat for the
 * next attempt. They are from outside of this process, maybe from older code, so they are checked.
 */
import { activityProgressSchema, type ActivityProgress } from '../contracts/progress.ts';
import type { LeftBehind } from '../trainer/protocol.ts';

/** `details` as the SDK gives them; nothing was left behind where they are absent or of another shape. */
export function leftBehind(details: unknown, stepsPerEpoch: number): LeftBehind {
  const parsed = activityProgressSchema.safeParse(details);
  if (!parsed.success) return { checkpoints: [], stepsDone: 0, stepsRedone: 0 };
  const { checkpoints = [], stepsRedone = 0 } = parsed.data;
  return { checkpoints, stepsDone: stepsDoneAt(parsed.data, stepsPerEpoch), stepsRedone };
}

/** Validation counts its own steps; the epoch's are done by then. */
function stepsDoneAt({ unit, done }: ActivityProgress, stepsPerEpoch: number): number {
  return unit === 'steps' ? Math.floor(done) : stepsPerEpoch;
}

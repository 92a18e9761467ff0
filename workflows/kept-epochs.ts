/**
 * The finished epochs of a stage whose checkpoints are still there: the last few, since the newest may prove
 * damaged, and the best. All that a stage remembers; every decision follows from these (early-stopping.ts).
 */
import type { EpochStart, FinishedEpoch } from '../contracts/activities.ts';
import type { EarlyStopping } from '../contracts/pipeline-input.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { bestEpoch } from './early-stopping.ts';

/** `epochs`, in their order, without those that need not be kept. */
export function keptEpochs(
  epochs: readonly FinishedEpoch[],
  { keepEpochs, rule }: { readonly keepEpochs: number; readonly rule: EarlyStopping | null },
): readonly FinishedEpoch[] {
  const best = bestEpoch(epochs, rule);
  return epochs.filter((epoch, index) => epoch === best || index >= epochs.length - keepEpochs);
}

/** Those from which a stage goes back when a checkpoint of `epoch` is damaged: the epochs before. */
export const epochsBefore = (
  epochs: readonly FinishedEpoch[],
  { epoch }: Pick<CheckpointRef, 'epoch'>,
): readonly FinishedEpoch[] => epochs.filter(({ result }) => result.epoch < epoch);

/** Where the epoch after these starts. */
export function startAfter(epochs: readonly FinishedEpoch[], stageStart: EpochStart): EpochStart {
  const checkpoint = epochs.at(-1)?.checkpoint;
  return checkpoint === undefined ? stageStart : { kind: 'checkpoint', checkpoint };
}

/** The checkpoints that nobody may delete. */
export function checkpointsToKeep(
  epochs: readonly FinishedEpoch[],
  stageStart: EpochStart,
): readonly CheckpointRef[] {
  const checkpoints = epochs.map(({ checkpoint }) => checkpoint);
  return stageStart.kind === 'checkpoint' ? [stageStart.checkpoint, ...checkpoints] : checkpoints;
}

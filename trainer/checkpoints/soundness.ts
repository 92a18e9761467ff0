/** May an epoch go on from a checkpoint? What damage is, and what only looks like the same run. */
import type { CheckpointManifest } from '../../contracts/manifests.ts';
import type { CheckpointRef } from '../../contracts/references.ts';
import { InvalidDocumentError } from '../../storage/errors.ts';
import { OtherRecipeError } from '../errors.ts';
import type { EpochHashes } from './epoch-hashes.ts';

/** Codes of what a checkpoint that was whole once can only come to by damage. */
const DAMAGE: ReadonlySet<unknown> = new Set([
  'object-not-found',
  'hash-mismatch',
  'invalid-document',
  'weight-file',
  'weights-mismatch',
  'training-state-mismatch',
]);

/** Would another checkpoint help? A store that is away, or a disk that is full, is no damage. */
export function isDamage(error: unknown): error is Error {
  return error instanceof Error && DAMAGE.has((error as { code?: unknown }).code);
}

/** Throws `InvalidDocumentError` when the manifest is of another place in the recipe than is named. */
export function requirePlace(ref: CheckpointRef, manifest: CheckpointManifest): void {
  for (const field of ['stage', 'epoch', 'stepInEpoch'] as const) {
    if (ref[field] === manifest[field]) continue;
    throw new InvalidDocumentError({
      key: ref.manifestKey,
      field,
      problem: `${String(manifest[field])}, where ${String(ref[field])} is named`,
    });
  }
}

export interface SameRunOptions {
  readonly checkpoint: CheckpointRef;
  readonly manifest: CheckpointManifest;
  /** Of what is to go on. */
  readonly hashes: EpochHashes;
  readonly stage: string;
}

/**
 * Throws `OtherRecipeError` unless the checkpoint came to be under the same recipe (within a stage) and data.
 * Returns a warning when it did by other code.
 */
export function requireSameRun(options: SameRunOptions): readonly string[] {
  const { checkpoint, manifest, hashes, stage } = options;
  const { recipe, data, code } = manifest.hashes;
  if (data !== hashes.data) throw new OtherRecipeError(checkpoint, 'data', [data, hashes.data]);
  if (manifest.stage === stage && recipe !== hashes.recipe) {
    throw new OtherRecipeError(checkpoint, 'recipe', [recipe, hashes.recipe]);
  }
  if (code === hashes.code) return [];
  return [
    `The checkpoint ${checkpoint.manifestKey} was saved by other code (${code.slice(0, 12)}) than goes on with ` +
      `it (${hashes.code.slice(0, 12)}): the bits may differ from those of an undisturbed run.`,
  ];
}

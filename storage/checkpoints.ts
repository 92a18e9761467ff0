/**
 * Checkpoints: a complete training state in the store. Data first, then the manifest that names and
 * hashes it, then the reference (what the activity returns) that names and hashes the manifest. The key
 * holds the attempt, so a stale attempt can never write over a newer one.
 */
import { join } from 'node:path';
import { checkpointManifestSchema, type CheckpointManifest } from '../contracts/manifests.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { readNamedDocument, writeDocument } from './documents.ts';
import type { ObjectStore } from './object-store.ts';
import { downloadFile, uploadFile } from './stored-files.ts';

export interface CheckpointToSave {
  readonly runId: string;
  readonly stage: string;
  /** Epochs finished in the whole run. */
  readonly epoch: number;
  /** Steps taken in the whole run. */
  readonly step: number;
  /** Unique to this try of the activity. */
  readonly attempt: string;
  readonly config: CheckpointManifest['config'];
  /** A Keras `.h5` file. */
  readonly weightsPath: string;
  /** An `.h5` file of momentum by weight name; `null` in the initial state. */
  readonly optimizerPath: string | null;
}

export interface LoadedCheckpoint {
  readonly manifest: CheckpointManifest;
  readonly weightsPath: string;
  readonly optimizerPath: string | null;
}

export async function saveCheckpoint(
  store: ObjectStore,
  checkpoint: CheckpointToSave,
): Promise<CheckpointRef> {
  const { runId, stage, epoch, step, attempt, config } = checkpoint;
  const folder = storeKeys.checkpointFolder(runId, stage, epoch, step, attempt);
  const manifest: CheckpointManifest = {
    kind: 'checkpoint',
    runId,
    stage,
    epoch,
    step,
    config,
    weights: await uploadFile(store, `${folder}/weights.h5`, checkpoint.weightsPath),
    optimizer:
      checkpoint.optimizerPath === null
        ? null
        : await uploadFile(store, `${folder}/optimizer.h5`, checkpoint.optimizerPath),
  };
  const { key, hash } = await writeDocument(store, `${folder}/manifest.json`, manifest);
  return { manifestKey: key, hash, stage, epoch };
}

/** The manifest alone, verified. Throws as `loadCheckpoint`. */
export async function readCheckpoint(
  store: ObjectStore,
  { manifestKey, hash }: CheckpointRef,
): Promise<CheckpointManifest> {
  return readNamedDocument(store, { key: manifestKey, hash }, checkpointManifestSchema);
}

/**
 * Brings a checkpoint's files to `folder`. Throws `ObjectNotFoundError` when a part is missing,
 * `HashMismatchError` when one is not what was saved, `InvalidDocumentError` for a strange manifest.
 */
export async function loadCheckpoint(
  store: ObjectStore,
  ref: CheckpointRef,
  folder: string,
): Promise<LoadedCheckpoint> {
  const manifest = await readCheckpoint(store, ref);
  const weightsPath = join(folder, 'weights.h5');
  await downloadFile(store, manifest.weights, weightsPath);
  if (manifest.optimizer === null) return { manifest, weightsPath, optimizerPath: null };
  const optimizerPath = join(folder, 'optimizer.h5');
  await downloadFile(store, manifest.optimizer, optimizerPath);
  return { manifest, weightsPath, optimizerPath };
}

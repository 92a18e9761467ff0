/**
 * Checkpoints: a complete training state in the store. Data first, then the manifest that names and
 * hashes it, then the reference (what the activity returns) that names and hashes the manifest. The key
 * holds the attempt, so a stale attempt can never write over a newer one.
 */
import { join } from 'node:path';
import {
  checkpointManifestSchema,
  type CheckpointManifest,
  type StoredFile,
} from '../contracts/manifests.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { readNamedDocument, writeDocument } from './documents.ts';
import type { ObjectStore } from './object-store.ts';
import { downloadFile, uploadFile } from './stored-files.ts';

/** What the manifest says beside the files. */
export interface CheckpointToSave extends Omit<
  CheckpointManifest,
  'kind' | 'weights' | 'optimizer' | 'averages'
> {
  /** Unique to this try of the activity. */
  readonly attempt: string;
  /** A Keras `.h5` file. */
  readonly weightsPath: string;
  /** An `.h5` file of the optimizer's slots by name; `null` in the initial state. */
  readonly optimizerPath: string | null;
  /** A Keras `.h5` file of the averaged weights; `null` where weights are not averaged. */
  readonly averagesPath: string | null;
}

export interface LoadedCheckpoint {
  readonly manifest: CheckpointManifest;
  readonly weightsPath: string;
  readonly optimizerPath: string | null;
  readonly averagesPath: string | null;
}

/**
 * Uploads the files, then the manifest: before it is there, there is no checkpoint. Throws the store's errors,
 * and those of reading the files.
 */
export async function saveCheckpoint(
  store: ObjectStore,
  checkpoint: CheckpointToSave,
): Promise<CheckpointRef> {
  const { attempt, weightsPath, optimizerPath, averagesPath, ...facts } = checkpoint;
  const { runId, stage, epoch, stepInEpoch, step } = facts;
  const folder = storeKeys.checkpointFolder(runId, stage, epoch, step, attempt);
  const uploadPart = async (name: string, path: string | null) =>
    path === null ? null : uploadFile(store, `${folder}/${name}`, path);
  const manifest: CheckpointManifest = {
    kind: 'checkpoint',
    ...facts,
    weights: await uploadFile(store, `${folder}/weights.h5`, weightsPath),
    optimizer: await uploadPart('optimizer.h5', optimizerPath),
    averages: await uploadPart('averages.h5', averagesPath),
  };
  const { key, hash } = await writeDocument(store, `${folder}/manifest.json`, manifest);
  return { manifestKey: key, hash, stage, epoch, stepInEpoch };
}

/**
 * Deletes a checkpoint: its manifest first, so that at no time there is one whose files are gone. What is not
 * there any more is fine.
 */
export async function deleteCheckpoint(
  store: ObjectStore,
  { manifestKey }: Pick<CheckpointRef, 'manifestKey'>,
): Promise<void> {
  await store.delete(manifestKey);
  const folder = manifestKey.slice(0, manifestKey.lastIndexOf('/') + 1);
  for await (const { key } of store.list(folder)) await store.delete(key);
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
  const downloadPart = async (name: string, file: StoredFile | null) => {
    if (file === null) return null;
    await downloadFile(store, file, join(folder, name));
    return join(folder, name);
  };
  return {
    manifest,
    weightsPath,
    optimizerPath: await downloadPart('optimizer.h5', manifest.optimizer),
    averagesPath: await downloadPart('averages.h5', manifest.averages),
  };
}

/** The weights to look at: averaged where they are, else as trained. */
export function scoredWeights({ weights, averages }: CheckpointManifest): StoredFile {
  return averages ?? weights;
}

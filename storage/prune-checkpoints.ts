/**
 * Retention: deletes a run's checkpoints that nothing goes on from any more. What is kept is named by the
 * workflow, which alone knows what counts; what this cannot read as a checkpoint's file it leaves alone.
 */
import type { ActivityProgress } from '../contracts/progress.ts';
import type { CheckpointRef } from '../contracts/references.ts';
import { parseCheckpointKey, storeKeys } from '../contracts/store-keys.ts';
import { StalePruningError } from './errors.ts';
import type { ObjectStore, UploadInfo } from './object-store.ts';
import { deadUploads } from './sweep-uploads.ts';

export interface PruneCheckpointsOptions {
  readonly store: Pick<ObjectStore, 'list' | 'delete' | 'listUploads' | 'abortUpload'>;
  readonly runId: string;
  /** Checkpoints of later epochs are left alone: they are being written. */
  readonly throughEpoch: number;
  readonly keep: readonly CheckpointRef[];
  /**
   * Milliseconds after which another attempt may be in this one's place. By then the run may do epochs again whose
   * checkpoints look just as old, so a listing that comes later is not acted upon.
   */
  readonly lifeMs?: number | undefined;
  readonly onProgress?: ((progress: ActivityProgress) => void) | undefined;
  /** Stops between two files; what is left is deleted the next time. */
  readonly signal?: AbortSignal | undefined;
}

/** How many checkpoints were deleted, whole ones and what attempts that died left of theirs. */
export async function pruneCheckpoints({
  store,
  runId,
  throughEpoch,
  keep,
  lifeMs = Infinity,
  onProgress,
  signal,
}: PruneCheckpointsOptions): Promise<{ readonly deleted: number }> {
  const began = Date.now();
  const prefix = `${storeKeys.checkpointsFolder(runId)}/`;
  const kept = new Set(
    keep.map(({ manifestKey }) => parseCheckpointKey(runId, manifestKey)?.folder),
  );
  /** The folder, if it is nobody's any more. */
  const obsolete = (key: string): string | undefined => {
    const parsed = parseCheckpointKey(runId, key);
    if (parsed === undefined || parsed.epoch > throughEpoch) return undefined;
    return kept.has(parsed.folder) ? undefined : parsed.folder;
  };

  // All are chosen before the first is deleted: a listing goes on over what changes under it.
  const folders = new Map<string, string[]>();
  for await (const { key } of store.list(prefix)) {
    const folder = obsolete(key);
    if (folder !== undefined) folders.set(folder, [...(folders.get(folder) ?? []), key]);
  }
  const isDead = ({ key }: UploadInfo) => obsolete(key) !== undefined;
  const uploads = await deadUploads(store, { prefix, isDead });
  if (Date.now() - began > lifeMs) throw new StalePruningError(runId);

  let deleted = 0;
  for (const keys of folders.values()) {
    onProgress?.({ done: deleted, total: folders.size, unit: 'checkpoints' });
    for (const key of manifestFirst(keys)) {
      signal?.throwIfAborted();
      await store.delete(key);
    }
    deleted++;
  }
  for (const upload of uploads) {
    signal?.throwIfAborted();
    await store.abortUpload(upload);
  }
  return { deleted };
}

/** Cut off in between, no manifest is left that names files which are gone. */
function manifestFirst(keys: readonly string[]): readonly string[] {
  const isManifest = (key: string) => key.endsWith('/manifest.json');
  return [...keys.filter(isManifest), ...keys.filter((key) => !isManifest(key))];
}

/**
 * Aborts multipart uploads that nobody will finish. A process that is killed in mid-upload leaves its parts
 * behind, unseen by any listing of objects and paid for; so does a lost answer to the request that began one.
 */
import { storePrefixes } from '../contracts/store-keys.ts';
import type { ObjectStore, UploadInfo } from './object-store.ts';

/**
 * Older than anything that still uploads: a fetch may take 24 hours, and the files of a checkpoint or a version
 * take minutes, in however long an activity.
 */
const DEAD_AFTER_MS = 24 * 60 * 60 * 1000;

export interface SweepOptions {
  readonly prefix: string;
  readonly isDead: (upload: UploadInfo) => boolean;
}

type UploadStore = Pick<ObjectStore, 'listUploads' | 'abortUpload'>;

/** Aborts the dead uploads below the prefix and says how many there were. */
export async function sweepUploads(store: UploadStore, options: SweepOptions): Promise<number> {
  // Listed as a whole first: aborting moves what a page's marker points to.
  const dead = await deadUploads(store, options);
  for (const upload of dead) await store.abortUpload(upload);
  return dead.length;
}

export async function deadUploads(
  store: UploadStore,
  { prefix, isDead }: SweepOptions,
): Promise<readonly UploadInfo[]> {
  const dead: UploadInfo[] = [];
  for await (const upload of store.listUploads(prefix)) if (isDead(upload)) dead.push(upload);
  return dead;
}

/** Sweeps all that is ours in the bucket, of every run, older than a day. */
export async function sweepOldUploads(store: UploadStore, now = Date.now()): Promise<number> {
  let count = 0;
  for (const prefix of storePrefixes) {
    const isDead = ({ startedAt }: UploadInfo) => now - startedAt.getTime() > DEAD_AFTER_MS;
    count += await sweepUploads(store, { prefix, isDead });
  }
  return count;
}

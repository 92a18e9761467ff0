/** What every task works with. Made once, when the process starts. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BatchLoader } from '../datasets/loader/batch-loader.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import type { CheckpointUploader } from './checkpoints/checkpoint-uploader.ts';
import { workspacePrefix } from './dead-workspaces.ts';
import type { WarmModel } from './warm-model.ts';

export interface TaskTools {
  readonly store: ObjectStore;
  /** What outlives a task: downloads (records, pretrained weights, model versions) and compiled graphs. */
  readonly cacheFolder: string;
  readonly warm: WarmModel;
  /** Its threads are kept between epochs. */
  readonly loader: BatchLoader;
  readonly uploader: CheckpointUploader;
}

/** `LESIONFLOW_CACHE`, or `.lesionflow/cache` in the folder that the worker was started in. */
export function cacheFolderFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): string {
  return resolve(environment['LESIONFLOW_CACHE'] ?? join('.lesionflow', 'cache'));
}

/** `LESIONFLOW_DATA_THREADS`: threads that make training batches; `undefined` for the loader's default. */
export function dataThreadsFromEnvironment(
  environment: Readonly<Record<string, string | undefined>>,
): number | undefined {
  const text = environment['LESIONFLOW_DATA_THREADS'];
  return text === undefined || text === '' ? undefined : Number(text);
}

export interface Workspace extends AsyncDisposable {
  readonly folder: string;
}

/** Where the tasks' folders are. */
export const workspaceParent = (cacheFolder: string): string => join(cacheFolder, 'tasks');

/** A folder of the task's own, gone with all that is in it when the task ends. */
export async function makeWorkspace(cacheFolder: string): Promise<Workspace> {
  const parent = workspaceParent(cacheFolder);
  await mkdir(parent, { recursive: true });
  const folder = await mkdtemp(join(parent, workspacePrefix()));
  return { folder, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/**
 * The one place that chooses how a training step runs: as one compiled graph, which the next process on this
 * machine finds in the cache.
 */
import { join } from 'node:path';
import type { ModelGraphCache } from '../maskrcnn/graph-cache.ts';
import { CompiledTrainer } from '../maskrcnn/training/compiled-trainer.ts';
import type { TrainerOptions } from '../maskrcnn/training/trainer.ts';
import { codeHash } from './code-hash.ts';

export type TrainingEngine = CompiledTrainer;

export interface EngineOptions extends Omit<TrainerOptions, 'graphCache'> {
  /** Of the whole trainer; graphs have a folder of their own in it. */
  readonly cacheFolder: string;
}

export async function createEngine({
  cacheFolder,
  ...options
}: EngineOptions): Promise<TrainingEngine> {
  return new CompiledTrainer({ ...options, graphCache: await graphCacheIn(cacheFolder) });
}

/** The graphs' own folder in a cache folder. */
export async function graphCacheIn(cacheFolder: string): Promise<ModelGraphCache> {
  return {
    folder: join(cacheFolder, 'graphs'),
    codeHash: await codeHash({ rooms: ['graph', 'maskrcnn'] }),
  };
}

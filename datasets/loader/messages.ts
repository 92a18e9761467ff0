/** What the loader and its threads say to each other. Plain data; the arrays of a batch move, they are not copied. */
import type { Augmentation } from '../../augmentation/schema.ts';
import type { RecordsRef } from '../../contracts/references.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import type { TrainBatch } from '../../maskrcnn/training/batch.ts';
import type { S3Settings } from '../../storage/s3-settings.ts';
import type { BatchRecipe } from './batch-recipe.ts';

/** What a thread is started with. A live store cannot be handed over, so each thread opens its own. */
export interface ThreadData {
  readonly store: S3Settings;
  readonly cacheFolder: string;
}

/** What the batches of a stream are made from. */
export interface BatchSource {
  readonly records: RecordsRef;
  readonly config: MaskRcnnConfig;
  readonly augmentation: Augmentation | null;
}

export type ToThread =
  | { readonly type: 'open'; readonly stream: number; readonly source: BatchSource }
  | {
      readonly type: 'make';
      readonly stream: number;
      readonly id: number;
      readonly recipe: BatchRecipe;
    }
  /** Batches of this stream that were not begun are not wanted any more. */
  | { readonly type: 'close'; readonly stream: number }
  /** Finish what was begun, and go. */
  | { readonly type: 'end' };

export type FromThread =
  | { readonly type: 'ready' }
  | { readonly type: 'batch'; readonly id: number; readonly batch: TrainBatch }
  | { readonly type: 'failed'; readonly id: number; readonly error: ErrorData };

/** An error on its way between threads: structured clones lose its class and fields. */
export interface ErrorData {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly values: Readonly<Record<string, unknown>>;
  readonly stack: string | undefined;
}

/**
 * What goes into each batch of an epoch, as plain data: the images, and the name of every random stream that
 * is used on the way. A batch is a function of its recipe alone, whoever makes it and whenever.
 */
import { epochBatches, inBatches } from '../../maskrcnn/data/epoch-order.ts';

/** A stream of `randomStream`: the seed, then its keys. */
export type StreamName = readonly [seed: number, ...keys: (string | number)[]];

export interface ImageRecipe {
  readonly id: string;
  /** What augmentation draws from; `null` where the image stays as it is. */
  readonly augmentBy: StreamName | null;
}

export interface BatchRecipe {
  readonly images: readonly ImageRecipe[];
  /** Subsamples anchors and makes the RoI keys. */
  readonly random: StreamName;
}

export interface TrainingRecipesOptions {
  readonly ids: readonly string[];
  readonly seed: number;
  /** 1-based, over all stages. */
  readonly epoch: number;
  /** Batches of the epoch. */
  readonly batches: number;
  readonly batchSize: number;
}

/**
 * Batch `n` is a function of (seed, epoch, n) and the set of ids alone. What augmentation does to an image is
 * one of (seed, epoch, image), and of which time it is seen in an epoch that is longer than the data.
 */
export function trainingRecipes(options: TrainingRecipesOptions): BatchRecipe[] {
  const { ids, seed, epoch, batches, batchSize } = options;
  return epochBatches(ids, { seed, epoch, steps: batches, batchSize }).map((batch, n) => ({
    images: batch.map((id, place) => {
      const pass = Math.floor((n * batchSize + place) / ids.length);
      return { id, augmentBy: [seed, 'augment', epoch, pass, id] };
    }),
    random: [seed, 'batch', epoch, n],
  }));
}

export interface ValidationRecipesOptions {
  readonly ids: readonly string[];
  readonly seed: number;
  readonly batchSize: number;
  /** At most so many. @default all */
  readonly batches?: number;
}

/**
 * The same images in the same order after every epoch, not augmented: losses of different epochs compare.
 * Only whole batches, unless there is none.
 */
export function validationRecipes(options: ValidationRecipesOptions): BatchRecipe[] {
  const { ids, seed, batchSize, batches: count } = options;
  const batches = inBatches([...ids].sort(), batchSize);
  const whole = batches.filter(({ length }) => length === batchSize);
  return (whole.length > 0 ? whole : batches).slice(0, count).map((batch, n) => ({
    images: batch.map((id) => ({ id, augmentBy: null })),
    random: [seed, 'validation', n],
  }));
}

/** A recipe → the batch: records are read and decoded, augmented, and put together as the train step takes them. */
import { augment } from '../../augmentation/augment.ts';
import type { Augmentation } from '../../augmentation/schema.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import { buildBatch, type TrainBatch } from '../../maskrcnn/training/batch.ts';
import type { RecordSet } from '../record-set.ts';
import type { BatchRecipe, ImageRecipe } from './batch-recipe.ts';

export interface MakeBatchOptions {
  readonly records: Pick<RecordSet, 'read'>;
  readonly config: MaskRcnnConfig;
  readonly augmentation: Augmentation | null;
}

/** Throws what reading a record, augmenting and `buildBatch` throw. */
export async function makeBatch(
  { images, random }: BatchRecipe,
  options: MakeBatchOptions,
): Promise<TrainBatch> {
  const annotated = await Promise.all(images.map((image) => readAugmented(image, options)));
  return buildBatch(annotated, options.config, randomStream(...random));
}

/** One image of a batch, as the model is to see it. */
export async function readAugmented(
  { id, augmentBy }: ImageRecipe,
  { records, augmentation }: Pick<MakeBatchOptions, 'records' | 'augmentation'>,
): Promise<AnnotatedImage> {
  const image = await records.read(id);
  if (augmentation === null || augmentBy === null) return image;
  return augment(image, augmentation, randomStream(...augmentBy));
}

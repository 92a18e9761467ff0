/** The batches of an epoch, read ahead while the model works. */
import { augment } from '../augmentation/augment.ts';
import type { Augmentation } from '../augmentation/schema.ts';
import { epochBatches, inBatches } from '../maskrcnn/data/epoch-order.ts';
import { prefetched } from '../maskrcnn/data/prefetch.ts';
import { randomStream } from '../maskrcnn/random.ts';
import type { AnnotatedImage } from '../maskrcnn/training/annotated-image.ts';
import type { RecordSet } from './record-set.ts';

interface BatchOptions {
  readonly records: RecordSet;
  readonly ids: readonly string[];
  readonly batchSize: number;
  /** Batches that are read ahead. */
  readonly prefetch?: number;
}

export interface TrainingBatchesOptions extends BatchOptions {
  readonly seed: number;
  /** 1-based, over all stages. */
  readonly epoch: number;
  readonly steps: number;
  /** Skips the steps before: goes on in mid-epoch with the very batches that were left. */
  readonly firstStep?: number;
  readonly augmentation: Augmentation | null;
}

const PREFETCH = 4;

/**
 * Batch `step` is a function of (seed, epoch, step) and the set of ids alone. What augmentation does to an image
 * is one of (seed, epoch, image), and of which time it is seen in an epoch that is longer than the data.
 * Reading errors are thrown where the batch they belong to is asked for.
 */
export function trainingBatches(options: TrainingBatchesOptions): AsyncIterable<AnnotatedImage[]> {
  const { records, ids, seed, epoch, firstStep = 0, augmentation, prefetch = PREFETCH } = options;
  const batches = epochBatches(ids, options).map((batch, step) => ({ batch, step }));
  return prefetched({
    items: batches.slice(firstStep),
    depth: prefetch,
    load: ({ batch, step }) =>
      Promise.all(
        batch.map(async (id, place) => {
          const image = await records.read(id);
          if (augmentation === null) return image;
          const pass = Math.floor((step * options.batchSize + place) / ids.length);
          return augment(image, augmentation, randomStream(seed, 'augment', epoch, pass, id));
        }),
      ),
  });
}

/**
 * The same images in the same order at every call, not augmented: losses of different epochs compare.
 * With `steps`, only the first so many batches; only whole batches, unless there is none.
 */
export function validationBatches(
  options: BatchOptions & { readonly steps?: number },
): AsyncIterable<AnnotatedImage[]> {
  const { records, ids, batchSize, steps, prefetch = PREFETCH } = options;
  const batches = inBatches([...ids].sort(), batchSize);
  const whole = batches.filter(({ length }) => length === batchSize);
  return prefetched({
    items: (whole.length > 0 ? whole : batches).slice(0, steps),
    depth: prefetch,
    load: (batch) => Promise.all(batch.map((id) => records.read(id))),
  });
}

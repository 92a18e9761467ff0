/**
 * The images of an epoch one after another, those that cannot be used left out: the inner half of
 * `data_generator` of mrcnn/model.py, which logs a failing image, goes on, and gives up after five.
 *
 * Differs on purpose: an image counts once however often it fails (there, one broken image ends a run in its
 * sixth epoch), and the random numbers of an image follow from its name, so that one that fails shifts
 * nothing in the others.
 */
import type { MaskRcnnConfig } from '../config.ts';
import { randomStream } from '../random.ts';
import type { AnnotatedImage } from '../training/annotated-image.ts';
import type { Dataset } from './dataset.ts';
import { epochOrder } from './epoch-order.ts';
import { DatasetError, ImageError } from './errors.ts';
import { loadAnnotatedImage, type Augment } from './load-image-gt.ts';
import { prefetched } from './prefetch.ts';

/** An image that could not be loaded. */
export interface FailedImage {
  readonly imageId: number;
  /** `source.id` */
  readonly name: string;
  readonly error: unknown;
}

/** The images that failed so far, in the whole of a run. */
export class FailedImages {
  readonly #limit: number;
  readonly #onFailure: ((failed: FailedImage) => void) | undefined;
  readonly #failed = new Map<number, FailedImage>();

  constructor(limit: number, onFailure?: (failed: FailedImage) => void) {
    this.#limit = limit;
    this.#onFailure = onFailure;
  }

  has(imageId: number): boolean {
    return this.#failed.has(imageId);
  }

  /** @throws ImageError when there are more than the limit now. */
  add(failed: FailedImage): void {
    if (this.#failed.has(failed.imageId)) return;
    this.#failed.set(failed.imageId, failed);
    this.#onFailure?.(failed);
    if (this.#failed.size <= this.#limit) return;
    const names = [...this.#failed.values()].map(({ name }) => name);
    const reason = failed.error instanceof Error ? failed.error.message : String(failed.error);
    throw new ImageError(
      failed.name,
      `it is the ${String(names.length)}th that cannot be used, after ${names.slice(0, -1).join(', ')}, and ` +
        `${String(this.#limit)} are allowed (${reason})`,
      { images: names, cause: failed.error },
    );
  }
}

export interface UsableImagesOptions {
  readonly dataset: Dataset;
  readonly config: MaskRcnnConfig;
  readonly failed: FailedImages;
  /** `skip` leaves images without an instance out, as the reference; `background` trains on them. */
  readonly emptyImages: 'skip' | 'background';
}

export interface EpochImagesOptions extends UsableImagesOptions {
  readonly seed: number;
  /** 1-based. */
  readonly epoch: number;
  readonly augment?: Augment | undefined;
  /** Images of these sources are not augmented. */
  readonly noAugmentationSources: readonly string[];
}

/**
 * Endless: all images in an order by chance, then all in another one. A function of the seed, the epoch and
 * the data set alone.
 *
 * @throws DatasetError when no image can be used.  @throws ImageError when too many fail.
 */
export async function* epochImages(options: EpochImagesOptions): AsyncGenerator<AnnotatedImage> {
  const { dataset, seed, epoch, augment, noAugmentationSources } = options;
  const names = dataset.imageIds.map((imageId) => dataset.imageName(imageId));
  for (let pass = 0; ; pass++) {
    const order = epochOrder(names, { seed, epoch, pass });
    const load = (imageId: number) =>
      loadAnnotatedImage(dataset, imageId, {
        config: options.config,
        random: randomStream(seed, 'augment', epoch, pass, dataset.imageName(imageId)),
        augment: noAugmentationSources.includes(dataset.imageInfo(imageId).source)
          ? undefined
          : augment,
      });
    let used = 0;
    for await (const image of usable(order, load, options)) {
      used++;
      yield image;
    }
    if (used === 0) throw nothingToUse(options);
  }
}

/** All usable images once, in the order of their names, not augmented. */
export async function* validationImages(
  options: UsableImagesOptions,
): AsyncGenerator<AnnotatedImage> {
  const { dataset, config } = options;
  const names = dataset.imageIds.map((imageId) => dataset.imageName(imageId)).sort();
  yield* usable(names, (imageId) => loadAnnotatedImage(dataset, imageId, { config }), options);
}

/** Images that are read ahead. */
const READ_AHEAD = 4;

async function* usable(
  names: readonly string[],
  load: (imageId: number) => Promise<AnnotatedImage>,
  { dataset, failed, emptyImages }: UsableImagesOptions,
): AsyncGenerator<AnnotatedImage> {
  const loaded = prefetched({
    items: names.filter((name) => !failed.has(dataset.mapSourceImageId(name))),
    depth: READ_AHEAD,
    load: async (name): Promise<AnnotatedImage | FailedImage> => {
      const imageId = dataset.mapSourceImageId(name);
      try {
        return await load(imageId);
      } catch (error) {
        return { imageId, name, error };
      }
    },
  });
  for await (const image of loaded) {
    if ('error' in image) failed.add(image);
    else if (emptyImages === 'background' || hasInstance(image)) yield image;
  }
}

/** Crowds do not count: they say only where nothing is learnt. */
const hasInstance = ({ instances }: AnnotatedImage) =>
  instances.some(({ classId, mask }) => classId > 0 && mask.includes(1));

function nothingToUse({ dataset, emptyImages }: UsableImagesOptions): DatasetError {
  const why = emptyImages === 'skip' ? 'fails or has no instance' : 'fails';
  return new DatasetError(
    `there is nothing to train on: each of the ${String(dataset.numImages)} images ${why}; add images by ` +
      `addImage, and look at what loadMask gives for them`,
    { images: dataset.numImages },
  );
}

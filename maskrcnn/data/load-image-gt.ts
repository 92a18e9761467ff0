/**
 * An image of a data set with its truth, as training takes it: `load_image_gt` of mrcnn/model.py. Resized
 * by the config, then augmented; instances of which nothing is left are dropped.
 */
import type { MaskRcnnConfig } from '../config.ts';
import type { ImageMeta } from '../image/mold.ts';
import { resizeImage, type PixelImage, type ResizedImage } from '../image/resize-image.ts';
import { resizeMask } from '../image/resize-mask.ts';
import { extractBox } from '../masks/extract-boxes.ts';
import { minimizeMask } from '../masks/mini-mask.ts';
import { randomStream, type RandomStream } from '../random.ts';
import type { PixelBoxes, Size } from '../shapes.ts';
import type { AnnotatedImage, GroundTruthInstance } from '../training/annotated-image.ts';
import type { Dataset, InstanceMasks } from './dataset.ts';
import { ImageError } from './errors.ts';

/** Changes an image and its masks alike; the size must stay. The stream decides, so that it can be repeated. */
export type Augment = (
  image: AnnotatedImage,
  random: RandomStream,
) => AnnotatedImage | Promise<AnnotatedImage>;

export interface LoadImageOptions {
  readonly config: MaskRcnnConfig;
  /** Places the cut of resize mode `crop`, and is handed on to `augment`. @default always the same */
  readonly random?: RandomStream;
  readonly augment?: Augment | undefined;
}

/**
 * Image `imageId` at the network's size, with its instances and the classes of its source.
 *
 * @throws ImageError when the data set gives masks that do not fit the image, or classes that it does not
 * have; and whatever the data set throws.
 */
export async function loadAnnotatedImage(
  dataset: Dataset,
  imageId: number,
  options: LoadImageOptions,
): Promise<AnnotatedImage> {
  const { config, random = randomStream(0, dataset.imageName(imageId)), augment } = options;
  const image = await dataset.loadImage(imageId);
  const truth = await dataset.loadMask(imageId);
  const name = dataset.imageName(imageId);
  requireFit(name, image, truth);
  requireClasses(name, truth, dataset);
  const resized = resizeImage(image, {
    mode: config.imageResizeMode,
    minDim: config.imageMinDim,
    maxDim: config.imageMaxDim,
    minScale: config.imageMinScale,
    random,
  });
  const annotated: AnnotatedImage = {
    id: name,
    height: resized.height,
    width: resized.width,
    pixels: resized.pixels,
    window: resized.window,
    originalSize: [image.height, image.width],
    scale: resized.scale,
    instances: instancesOf(truth, [image.height, image.width], resized),
    activeClassIds: dataset.activeClassIds(imageId),
  };
  return augment === undefined ? annotated : augmented(annotated, augment, random);
}

export interface ImageWithTruth {
  /** At the network's size, RGB, not molded. */
  readonly image: PixelImage;
  readonly imageMeta: ImageMeta;
  /** `[N]` */
  readonly classIds: readonly number[];
  /** `[N * 4]` */
  readonly boxes: PixelBoxes<Int32Array>;
  /** `[N]`, each at the image's size or at the mini-mask's, 0 and 1. */
  readonly masks: readonly Uint8Array[];
}

/** What `load_image_gt` returns. @throws as `loadAnnotatedImage` */
export async function loadImageGt(
  dataset: Dataset,
  imageId: number,
  options: LoadImageOptions & { readonly useMiniMask?: boolean },
): Promise<ImageWithTruth> {
  const { config, useMiniMask = false } = options;
  const annotated = await loadAnnotatedImage(dataset, imageId, options);
  const { height, width, pixels, window, originalSize, scale } = annotated;
  const size: Size = [height, width];
  const visible = annotated.instances
    .map((instance) => ({ ...instance, box: extractBox(instance.mask, size) }))
    .filter(({ box }) => box[2] > box[0]);
  const masks = visible.map(({ mask, box }) =>
    useMiniMask ? minimizeMask({ mask, size, box, miniSize: config.miniMaskShape }) : mask,
  );
  return {
    image: { pixels, height, width },
    imageMeta: {
      imageId,
      originalSize,
      size,
      window,
      scale,
      activeClassIds: dataset.activeClassIds(imageId),
    },
    classIds: visible.map(({ classId }) => classId),
    boxes: Int32Array.from(visible.flatMap(({ box }) => box)),
    masks,
  };
}

function instancesOf(
  { masks, classIds }: InstanceMasks,
  size: Size,
  resized: ResizedImage,
): GroundTruthInstance[] {
  return masks.map((mask, index) => {
    const binary = mask.map((value) => (value === 0 ? 0 : 1));
    return { classId: classIds[index] ?? 0, mask: resizeMask(binary, size, resized) };
  });
}

async function augmented(
  image: AnnotatedImage,
  augment: Augment,
  random: RandomStream,
): Promise<AnnotatedImage> {
  const changed = await augment(image, random);
  if (changed.height === image.height && changed.width === image.width) return changed;
  const size = ({ height, width }: AnnotatedImage) => `${String(height)} x ${String(width)}`;
  throw new ImageError(
    image.id,
    `augmentation made ${size(changed)} pixels of ${size(image)}; it must keep the size`,
  );
}

function requireFit(name: string, { height, width }: PixelImage, truth: InstanceMasks): void {
  const { masks, classIds } = truth;
  if (masks.length !== classIds.length) {
    throw new ImageError(
      name,
      `loadMask gave ${String(masks.length)} masks and ${String(classIds.length)} class ids; give one each ` +
        `an instance`,
    );
  }
  const wrong = masks.findIndex((mask) => mask.length !== height * width);
  if (wrong < 0) return;
  throw new ImageError(
    name,
    `the mask of instance ${String(wrong)} (class ${String(classIds[wrong])}) has ` +
      `${String(masks[wrong]?.length)} pixels, but the image is ${String(height)} x ${String(width)}`,
    { classId: classIds[wrong] },
  );
}

function requireClasses(name: string, { classIds }: InstanceMasks, dataset: Dataset): void {
  const classes = dataset.numClasses;
  const wrong = classIds.find((id) => !Number.isInteger(id) || id === 0 || Math.abs(id) >= classes);
  if (wrong === undefined) return;
  throw new ImageError(
    name,
    `an instance has the class ${String(wrong)}, but the data set has 1 to ${String(classes - 1)} ` +
      `(${dataset.classNames.slice(1).join(', ')}; negative for a crowd); map the source's numbers by ` +
      `mapSourceClassId`,
    { classId: wrong },
  );
}

/**
 * One training batch as plain arrays of static shapes: `load_image_gt` and `data_generator` of
 * mrcnn/model.py, after resizing and augmentation.
 *
 * Differs on purpose: gt boxes are normalised here (there, inside of the network); an image without
 * instances trains as pure background (there, it is skipped); the RoI sampler's random numbers are part
 * of the batch, so that a training step is a pure function.
 */
import { pixelAnchors } from '../boxes/anchors.ts';
import { normBoxes } from '../boxes/normalisation.ts';
import type { MaskRcnnConfig } from '../config.ts';
import { MaskRcnnError } from '../errors.ts';
import { moldImage } from '../image/mold.ts';
import { extractBox } from '../masks/extract-boxes.ts';
import { minimizeMask } from '../masks/mini-mask.ts';
import { shuffled, type RandomStream } from '../random.ts';
import type { Box, NormBoxes, Size } from '../shapes.ts';
import type { AnnotatedImage, GroundTruthInstance } from './annotated-image.ts';
import { buildRpnTargets } from './rpn-targets.ts';

export interface TrainBatch {
  readonly batchSize: number;
  /** Height and width of the images. */
  readonly imageSize: Size;
  /** Height and width of the masks: the mini-mask's, or the image's. */
  readonly maskSize: Size;
  /** `[B, H, W, 3]` molded. */
  readonly images: Float32Array;
  /** `[B, A]`: 1 positive, -1 negative, 0 neutral. */
  readonly rpnMatch: Int32Array;
  /** `[B, rpnTrainAnchorsPerImage, 4]`: rows by rising positive anchor index, then zeros. */
  readonly rpnBbox: Float32Array;
  /** `[B, G]`, 0 where there is no instance. */
  readonly gtClassIds: Int32Array;
  /** `[B, G, 4]`, zeros where there is no instance. */
  readonly gtBoxes: NormBoxes<Float32Array>;
  /** `[B, h, w, G]` of 0 and 1. */
  readonly gtMasks: Float32Array;
  /** `[B, postNmsRoisTraining]`, uniform in 0 to 1: the order in which the RoI sampler takes RoIs. */
  readonly roiKeys: Float32Array;
}

/**
 * The batch of `images`, which must all have the same size. `random` subsamples anchors (and instances
 * above `maxGtInstances`) and makes the RoI keys; the same stream gives the same batch.
 *
 * @throws MaskRcnnError when there is no image, or their sizes differ.
 */
export function buildBatch(
  images: readonly AnnotatedImage[],
  config: MaskRcnnConfig,
  random: RandomStream,
): TrainBatch {
  const size = commonSize(images);
  const batch = emptyBatch(images.length, size, config);
  images.forEach((image, index) => {
    fillImage({ image, index, batch, config, random });
  });
  return batch;
}

function commonSize(images: readonly AnnotatedImage[]): Size {
  const [first] = images;
  if (first === undefined) {
    throw new MaskRcnnError('a batch needs at least one image', { code: 'batch-size' });
  }
  const other = images.find(
    ({ height, width }) => height !== first.height || width !== first.width,
  );
  if (other !== undefined) {
    const sizes = [first, other].map(
      ({ id, height, width }) => `${id} (${String(height)} x ${String(width)})`,
    );
    throw new MaskRcnnError(
      `images of a batch must have one size, got ${sizes.join(' and ')}; use the resize mode ` +
        `square or crop, or one image a batch`,
      { code: 'batch-size', values: { images: [first.id, other.id] } },
    );
  }
  return [first.height, first.width];
}

function emptyBatch(batchSize: number, imageSize: Size, config: MaskRcnnConfig): TrainBatch {
  const maskSize: Size = config.useMiniMask ? config.miniMaskShape : imageSize;
  const slots = batchSize * config.maxGtInstances;
  return {
    batchSize,
    imageSize,
    maskSize,
    images: new Float32Array(batchSize * imageSize[0] * imageSize[1] * 3),
    rpnMatch: new Int32Array((batchSize * pixelAnchors(config, imageSize).length) / 4),
    rpnBbox: new Float32Array(batchSize * config.rpnTrainAnchorsPerImage * 4),
    gtClassIds: new Int32Array(slots),
    gtBoxes: new Float32Array(slots * 4),
    gtMasks: new Float32Array(slots * maskSize[0] * maskSize[1]),
    roiKeys: new Float32Array(batchSize * config.postNmsRoisTraining),
  };
}

interface FillOptions {
  readonly image: AnnotatedImage;
  readonly index: number;
  readonly batch: TrainBatch;
  readonly config: MaskRcnnConfig;
  readonly random: RandomStream;
}

function fillImage({ image, index, batch, config, random }: FillOptions): void {
  const { imageSize } = batch;
  const anchors = pixelAnchors(config, imageSize);
  const instances = visibleInstances(image);

  moldImage(image.pixels, config, slice(batch.images, index, batch.batchSize));
  const { match, deltas } = buildRpnTargets({
    anchors,
    gtClassIds: instances.map(({ classId }) => classId),
    gtBoxes: Int32Array.from(instances.flatMap(({ box }) => box)),
    config,
    random,
  });
  batch.rpnMatch.set(match, index * match.length);
  batch.rpnBbox.set(deltas, index * deltas.length);

  const slots = config.maxGtInstances;
  const chosen = instances.length > slots ? shuffled(instances, random).slice(0, slots) : instances;
  const boxes = Int32Array.from(chosen.flatMap(({ box }) => box));
  batch.gtClassIds.set(
    chosen.map(({ classId }) => classId),
    index * slots,
  );
  batch.gtBoxes.set(normBoxes(boxes, imageSize), index * slots * 4);
  chosen.forEach((instance, slot) => {
    fillMask(slice(batch.gtMasks, index, batch.batchSize), { instance, slot, slots, batch });
  });
  const keys = slice(batch.roiKeys, index, batch.batchSize);
  for (let i = 0; i < keys.length; i++) keys[i] = random.uniform();
}

interface VisibleInstance extends GroundTruthInstance {
  readonly box: Box;
}

/** Cropping and rotating may leave nothing of an instance; the reference drops such too. */
function visibleInstances({ instances, height, width }: AnnotatedImage): VisibleInstance[] {
  return instances
    .map((instance) => ({ ...instance, box: extractBox(instance.mask, [height, width]) }))
    .filter(({ box }) => box[2] > box[0]);
}

interface FillMaskOptions {
  readonly instance: VisibleInstance;
  readonly slot: number;
  readonly slots: number;
  readonly batch: Pick<TrainBatch, 'imageSize' | 'maskSize'>;
}

/** Instances are the last axis of the masks. */
function fillMask(masks: Float32Array, { instance, slot, slots, batch }: FillMaskOptions): void {
  const { imageSize, maskSize } = batch;
  const { mask: full, box } = instance;
  const mask =
    maskSize === imageSize
      ? full
      : minimizeMask({ mask: full, size: imageSize, box, miniSize: maskSize });
  for (let pixel = 0; pixel < mask.length; pixel++) {
    masks[pixel * slots + slot] = mask[pixel] === 0 ? 0 : 1;
  }
}

/** The part of image `index` in an array whose first axis is the batch. */
function slice(values: Float32Array, index: number, batchSize: number): Float32Array {
  const length = values.length / batchSize;
  return values.subarray(index * length, (index + 1) * length);
}

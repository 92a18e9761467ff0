/**
 * One training batch as plain arrays of static shapes: `load_image_gt` and `data_generator` of
 * mrcnn/model.py, after resizing and augmentation.
 *
 * Differs on purpose: gt boxes are normalised here (there, inside of the network); an image without
 * instances trains as pure background (there, it is skipped); the RoI sampler's random numbers are part
 * of the batch, so that a training step is a pure function; RoIs by chance (`random_rois`) follow from
 * `useRpnRois`, where there the two have to be set to match.
 */
import { pixelAnchors } from '../boxes/anchors.ts';
import { normBoxes } from '../boxes/normalisation.ts';
import type { MaskRcnnConfig } from '../config.ts';
import { MaskRcnnError } from '../errors.ts';
import { moldImage } from '../image/mold.ts';
import { extractBox } from '../masks/extract-boxes.ts';
import { minimizeMask } from '../masks/mini-mask.ts';
import { shuffled, type RandomStream } from '../random.ts';
import type { Box, NormBoxes, PixelBoxes, Size } from '../shapes.ts';
import {
  requireKnownClasses,
  type AnnotatedImage,
  type GroundTruthInstance,
} from './annotated-image.ts';
import { randomRois, type RandomRoisOptions } from './random-rois.ts';
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
  /** `[B, G]`, negative for a crowd, 0 where there is no instance. */
  readonly gtClassIds: Int32Array;
  /** `[B, G, 4]`, zeros where there is no instance. */
  readonly gtBoxes: NormBoxes<Float32Array>;
  /** `[B, h, w, G]` of 0 and 1. */
  readonly gtMasks: Float32Array;
  /** `[B, postNmsRoisTraining]`, uniform in 0 to 1: the order in which the RoI sampler takes RoIs. */
  readonly roiKeys: Float32Array;
  /** `[B, C]` of 0 and 1: the classes of each image's source. */
  readonly activeClassIds: Int32Array;
  /** `[B, postNmsRoisTraining, 4]`: RoIs in place of proposals; only where `useRpnRois` is false. */
  readonly inputRois?: NormBoxes<Float32Array>;
}

/** RoIs for an image where the RPN's proposals are not wanted: at most `count` boxes in whole pixels. */
export type RoiSource = (
  options: RandomRoisOptions & { readonly image: AnnotatedImage },
) => PixelBoxes<Int32Array>;

export interface BatchOptions {
  /** Asked only where the config's `useRpnRois` is false. @default random ones, most of them near the truth */
  readonly rois?: RoiSource;
}

/**
 * The batch of `images`, which must all have the same size. `random` subsamples anchors (and instances
 * above `maxGtInstances`) and makes the RoI keys; the same stream gives the same batch.
 *
 * @throws MaskRcnnError when there is no image, their sizes differ, or the model lacks a class of theirs.
 */
export function buildBatch(
  images: readonly AnnotatedImage[],
  config: MaskRcnnConfig,
  random: RandomStream,
  { rois = randomRois }: BatchOptions = {},
): TrainBatch {
  const size = commonSize(images);
  const batch = emptyBatch(images.length, size, config);
  images.forEach((image, index) => {
    fillImage({ image, index, batch, config, random, rois });
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
    activeClassIds: new Int32Array(batchSize * config.numClasses).fill(1),
    ...(config.useRpnRois
      ? {}
      : { inputRois: new Float32Array(batchSize * config.postNmsRoisTraining * 4) }),
  };
}

interface FillOptions {
  readonly image: AnnotatedImage;
  readonly index: number;
  readonly batch: TrainBatch;
  readonly config: MaskRcnnConfig;
  readonly random: RandomStream;
  readonly rois: RoiSource;
}

function fillImage(options: FillOptions): void {
  const { image, index, batch, config } = options;
  requireKnownClasses(image, config);
  moldImage(image.pixels, config, slice(batch.images, index, batch.batchSize));
  if (image.activeClassIds !== undefined) {
    batch.activeClassIds.set(image.activeClassIds, index * config.numClasses);
  }
  const instances = visibleInstances(image);
  fillRpnTargets(instances, options);
  fillInstances(instances, options);
  fillRois(instances, options);
}

function fillRpnTargets(instances: readonly VisibleInstance[], options: FillOptions): void {
  const { index, batch, config, random } = options;
  const { match, deltas } = buildRpnTargets({
    anchors: pixelAnchors(config, batch.imageSize),
    gtClassIds: instances.map(({ classId }) => classId),
    gtBoxes: Int32Array.from(instances.flatMap(({ box }) => box)),
    config,
    random,
  });
  batch.rpnMatch.set(match, index * match.length);
  batch.rpnBbox.set(deltas, index * deltas.length);
}

function fillInstances(instances: readonly VisibleInstance[], options: FillOptions): void {
  const { index, batch, config, random } = options;
  const slots = config.maxGtInstances;
  const chosen = instances.length > slots ? shuffled(instances, random).slice(0, slots) : instances;
  const boxes = Int32Array.from(chosen.flatMap(({ box }) => box));
  batch.gtClassIds.set(
    chosen.map(({ classId }) => classId),
    index * slots,
  );
  batch.gtBoxes.set(normBoxes(boxes, batch.imageSize), index * slots * 4);
  chosen.forEach((instance, slot) => {
    fillMask(slice(batch.gtMasks, index, batch.batchSize), { instance, slot, slots, batch });
  });
}

/** The order in which RoIs are sampled, and the RoIs themselves where they are not the RPN's. */
function fillRois(instances: readonly VisibleInstance[], options: FillOptions): void {
  const { image, index, batch, config, random, rois } = options;
  const keys = slice(batch.roiKeys, index, batch.batchSize);
  for (let i = 0; i < keys.length; i++) keys[i] = random.uniform();
  if (batch.inputRois === undefined) return;
  const count = config.postNmsRoisTraining;
  const gtBoxes = instances.map(({ box }) => box);
  const boxes = rois({ image, size: batch.imageSize, gtBoxes, count, random });
  const used = normBoxes(boxes, batch.imageSize).subarray(0, 4 * count);
  batch.inputRois.set(used, index * count * 4);
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

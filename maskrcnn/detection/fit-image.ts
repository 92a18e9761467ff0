/** How an image comes to the network's size in detection: `MaskRCNN.mold_inputs` of mrcnn/model.py. */
import type { MaskRcnnConfig } from '../config.ts';
import { MaskRcnnError } from '../errors.ts';
import { resizeImage, type PixelImage, type ResizedImage } from '../image/resize-image.ts';
import type { Box, Size } from '../shapes.ts';

/** An image at the network's size. */
export interface FittedImage extends PixelImage {
  /** The part that is image and not padding, in pixels. */
  readonly window: Box;
}

/**
 * `resize_image` with the config's mode. Differs on purpose in mode `crop`, which is for training: instead
 * of a part by chance, whose boxes would then be stretched over the image, the whole image is scaled as for
 * the crop and padded as in mode `pad64`, which is what Matterport's samples do to detect.
 */
export function fitAsReference(image: PixelImage, config: MaskRcnnConfig): ResizedImage {
  const mode = config.imageResizeMode;
  return resizeImage(image, {
    mode: mode === 'crop' ? 'pad64' : mode,
    minDim: config.imageMinDim,
    maxDim: config.imageMaxDim,
    minScale: config.imageMinScale,
  });
}

/**
 * The one size of all images of a batch.
 *
 * @throws MaskRcnnError when there is none, or when the pyramid's levels would not lie on each other.
 */
export function sizeOfBatch(images: readonly FittedImage[]): Size {
  const sizes = images.map(({ height, width }): Size => [height, width]);
  const [first = [0, 0]] = sizes;
  const other = sizes.find((size) => size.join() !== first.join());
  if (other !== undefined) {
    throw new MaskRcnnError(
      `the images of a batch must have one size after resizing, got ${named(first)} and ${named(other)}; ` +
        'detect them one by one, or choose imageResizeMode square',
      { code: 'batch-size', values: { sizes } },
    );
  }
  // Each level is enlarged twofold and added to the next: P5 eightfold must be as large as P2.
  if (first.some((side) => side === 0 || Math.ceil(side / 4) % 8 !== 0)) {
    throw new MaskRcnnError(
      `an image of ${named(first)} does not halve to five levels; choose imageResizeMode pad64 or ` +
        'square, or pad its sides to multiples of 64',
      { code: 'image-size', values: { size: first } },
    );
  }
  return first;
}

const named = ([height, width]: Size) => `${String(height)} x ${String(width)} pixels`;

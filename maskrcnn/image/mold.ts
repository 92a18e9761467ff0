/** The image and its meta data as the network takes them: `mold_image`, `compose_image_meta` of mrcnn/model.py. */
import type { MaskRcnnConfig } from '../config.ts';
import type { Box, Size } from '../shapes.ts';

/**
 * `[height, width, (r, g, b)]`, 0 to 255, minus the mean pixel → float32 of the same shape, written to
 * `target` where one is given.
 */
export function moldImage(
  pixels: Uint8Array,
  { meanPixel }: Pick<MaskRcnnConfig, 'meanPixel'>,
  target: Float32Array = new Float32Array(pixels.length),
): Float32Array {
  const [red, green, blue] = meanPixel;
  for (let i = 0; i < pixels.length; i += 3) {
    target[i] = (pixels[i] ?? 0) - red;
    target[i + 1] = (pixels[i + 1] ?? 0) - green;
    target[i + 2] = (pixels[i + 2] ?? 0) - blue;
  }
  return target;
}

/**
 * Molded values back to pixels. Differs on purpose: rounds, where `unmold_image` truncates and so loses
 * a grey level to float32.
 */
export function unmoldImage(
  molded: Float32Array,
  { meanPixel }: Pick<MaskRcnnConfig, 'meanPixel'>,
): Uint8ClampedArray {
  return Uint8ClampedArray.from(molded, (value, i) => value + (meanPixel[i % 3] ?? 0));
}

export interface ImageMeta {
  readonly imageId: number;
  /** Before resizing and padding. */
  readonly originalSize: Size;
  /** After resizing and padding. */
  readonly size: Size;
  /** The part that is image and not padding, in pixels. */
  readonly window: Box;
  readonly scale: number;
  /** `[C]` of 0 and 1. */
  readonly activeClassIds: readonly number[];
}

/** Meta data as the one row that Matterport's network takes, `[12 + C]`. */
export function composeImageMeta(meta: ImageMeta): number[] {
  return [
    meta.imageId,
    ...meta.originalSize,
    3,
    ...meta.size,
    3,
    ...meta.window,
    meta.scale,
    ...meta.activeClassIds,
  ];
}

/** The inverse of `composeImageMeta`; missing numbers read as 0. */
export function parseImageMeta(row: readonly number[]): ImageMeta {
  const at = (index: number) => row[index] ?? 0;
  return {
    imageId: at(0),
    originalSize: [at(1), at(2)],
    size: [at(4), at(5)],
    window: [at(7), at(8), at(9), at(10)],
    scale: at(11),
    activeClassIds: row.slice(12),
  };
}

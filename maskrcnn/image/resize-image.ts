/**
 * Brings an image to the size that the network takes: `resize_image` of mrcnn/utils.py, with its four
 * modes. `square` fits the longer side into `maxDim` and pads to a square (it never shrinks for
 * `minDim`); `pad64` pads to multiples of 64; `crop` cuts a random `minDim` square; `none` does nothing.
 *
 * As in the reference, values are truncated (not rounded) to whole grey levels.
 */
import { MaskRcnnError } from '../errors.ts';
import type { RandomStream } from '../random.ts';
import { roundHalfToEven } from '../rounding.ts';
import type { Box, Size } from '../shapes.ts';
import { resizeBilinear } from './bilinear.ts';
import { pad, type Padding } from './pad.ts';

export interface PixelImage {
  /** `[height, width, (r, g, b)]`, 0 to 255. */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

export type ResizeMode = 'none' | 'square' | 'pad64' | 'crop';

export interface ResizeOptions {
  readonly mode: ResizeMode;
  /** The shorter side is scaled up to this, never down; pixels, 0 for no such wish. */
  readonly minDim?: number;
  /** Side of the square (mode `square` only), pixels. */
  readonly maxDim?: number;
  /** Smallest factor when scaling up; 0 for none. */
  readonly minScale?: number;
  /** Chooses the place of the crop; needed by mode `crop`. */
  readonly random?: RandomStream;
}

export interface ResizedImage extends PixelImage {
  /** The part that is image and not padding, in pixels. */
  readonly window: Box;
  /** Factor by which height and width were multiplied before padding. */
  readonly scale: number;
  readonly padding: Padding;
  /** `(y, x, height, width)` of the cut in the scaled image, in mode `crop`. */
  readonly crop?: readonly [number, number, number, number];
}

/** @throws MaskRcnnError when the mode lacks a size that it needs, or the size is no multiple of 64. */
export function resizeImage(image: PixelImage, options: ResizeOptions): ResizedImage {
  const none: Padding = [
    [0, 0],
    [0, 0],
  ];
  if (options.mode === 'none') {
    const { pixels, height, width } = image;
    return { pixels, height, width, window: [0, 0, height, width], scale: 1, padding: none };
  }
  const scale = scaleOf([image.height, image.width], options);
  const scaled = scaleImage(image, scale);
  if (options.mode === 'crop') return { ...cropImage(scaled, options), scale, padding: none };

  const padding =
    options.mode === 'square' ? squarePadding(scaled, options) : pad64Padding(scaled, options);
  const [[top, bottom], [left, right]] = padding;
  return {
    pixels: pad(scaled.pixels, { size: [scaled.height, scaled.width], padding, channels: 3 }),
    height: top + scaled.height + bottom,
    width: left + scaled.width + right,
    window: [top, left, top + scaled.height, left + scaled.width],
    scale,
    padding,
  };
}

function scaleOf([height, width]: Size, options: ResizeOptions): number {
  const { mode, minDim = 0, maxDim = 0, minScale = 0 } = options;
  let scale = minDim > 0 ? Math.max(1, minDim / Math.min(height, width)) : 1;
  if (minScale > scale) scale = minScale;
  const longer = Math.max(height, width);
  if (mode === 'square' && maxDim > 0 && roundHalfToEven(longer * scale) > maxDim) {
    scale = maxDim / longer;
  }
  return scale;
}

function scaleImage(image: PixelImage, scale: number): PixelImage {
  if (scale === 1) return image;
  const height = roundHalfToEven(image.height * scale);
  const width = roundHalfToEven(image.width * scale);
  const values = resizeBilinear({
    source: image.pixels,
    from: [image.height, image.width],
    to: [height, width],
    channels: 3,
  });
  return { pixels: new Uint8Array(values), height, width };
}

function squarePadding({ height, width }: PixelImage, options: ResizeOptions): Padding {
  const side = needed(options, 'maxDim');
  return [centred(height, side), centred(width, side)];
}

function pad64Padding({ height, width }: PixelImage, options: ResizeOptions): Padding {
  const { minDim = 0 } = options;
  if (minDim % 64 !== 0) {
    throw new MaskRcnnError(
      `imageMinDim must be a multiple of 64 in mode pad64, got ${String(minDim)}`,
      { code: 'image-size', values: { minDim } },
    );
  }
  return [centred(height, 64 * Math.ceil(height / 64)), centred(width, 64 * Math.ceil(width / 64))];
}

/** The odd pixel goes to the bottom or the right. */
function centred(length: number, target: number): readonly [number, number] {
  const before = Math.floor((target - length) / 2);
  return [before, target - length - before];
}

function cropImage(
  image: PixelImage,
  options: ResizeOptions,
): Pick<ResizedImage, 'pixels' | 'height' | 'width' | 'window' | 'crop'> {
  const side = needed(options, 'minDim');
  if (options.random === undefined) {
    throw new MaskRcnnError('mode crop cuts a random part: hand in a random stream', {
      code: 'image-size',
    });
  }
  const y = options.random.below(image.height - side + 1);
  const x = options.random.below(image.width - side + 1);
  const pixels = new Uint8Array(3 * side * side);
  for (let row = 0; row < side; row++) {
    const start = 3 * ((y + row) * image.width + x);
    pixels.set(image.pixels.subarray(start, start + 3 * side), 3 * row * side);
  }
  return {
    pixels,
    height: side,
    width: side,
    window: [0, 0, side, side],
    crop: [y, x, side, side],
  };
}

function needed(options: ResizeOptions, name: 'minDim' | 'maxDim'): number {
  const value = options[name] ?? 0;
  if (value > 0) return value;
  throw new MaskRcnnError(`mode ${options.mode} needs ${name}, a size in pixels`, {
    code: 'image-size',
    values: { mode: options.mode },
  });
}

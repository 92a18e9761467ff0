/**
 * Where an image lands in the training square: `resize_image` of mrcnn/utils.py, mode "square", without the
 * pixels. It enlarges until the shorter side reaches `minDim`, shrinks only for `maxDim`, and centres.
 */
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { roundHalfToEven } from '../maskrcnn/rounding.ts';
import { UnsupportedResizeModeError } from './errors.ts';

export interface SquareOptions {
  readonly minDim: number;
  /** Side of the square. */
  readonly maxDim: number;
  /** Smallest factor when enlarging; 0 for none. */
  readonly minScale: number;
}

/** The square that a model is trained on. Throws `UnsupportedResizeModeError` for a model of another mode. */
export function squareOf(config: MaskRcnnConfig): SquareOptions {
  const { imageResizeMode, imageMinDim, imageMaxDim, imageMinScale } = config;
  if (imageResizeMode !== 'square') throw new UnsupportedResizeModeError(imageResizeMode);
  return { minDim: imageMinDim, maxDim: imageMaxDim, minScale: imageMinScale };
}

export interface SquareFit {
  readonly scale: number;
  /** Size of the image inside of the square, in pixels. */
  readonly height: number;
  readonly width: number;
  /** `(y1, x1, y2, x2)` in pixels, end exclusive; the odd pixel of padding is at the bottom or right. */
  readonly window: readonly [number, number, number, number];
}

export function squareFit(
  image: { readonly height: number; readonly width: number },
  { minDim, maxDim, minScale }: SquareOptions,
): SquareFit {
  const longer = Math.max(image.height, image.width);
  const enlarging = Math.max(1, minDim / Math.min(image.height, image.width), minScale);
  const scale = roundHalfToEven(longer * enlarging) > maxDim ? maxDim / longer : enlarging;
  // A strip may not vanish.
  const height = Math.max(1, roundHalfToEven(image.height * scale));
  const width = Math.max(1, roundHalfToEven(image.width * scale));
  const top = Math.floor((maxDim - height) / 2);
  const left = Math.floor((maxDim - width) / 2);
  return { scale, height, width, window: [top, left, top + height, left + width] };
}

/**
 * A predicted mask at its place in the image, at the image's own size: `unmold_mask` of mrcnn/utils.py.
 * Unlike for mini-masks, exactly a half counts as inside.
 */
import { resizeBilinear } from '../image/bilinear.ts';
import type { Box, Size } from '../shapes.ts';
import { insertMask } from './crop.ts';

export interface PasteOptions {
  /** Probabilities `[h * w]`, 0 to 1. */
  readonly mask: ArrayLike<number>;
  readonly maskSize: Size;
  /** Whole pixels, inside of the image. */
  readonly box: Box;
  readonly imageSize: Size;
}

/** `[height * width]` of 0 and 1. */
export function pasteMask({ mask, maskSize, box, imageSize }: PasteOptions): Uint8Array {
  const to: Size = [box[2] - box[0], box[3] - box[1]];
  const values = resizeBilinear({ source: mask, from: maskSize, to });
  return insertMask(
    Uint8Array.from(values, (value) => Number(value >= 0.5)),
    box,
    imageSize,
  );
}

/**
 * Masks kept at a small size inside their box, to save memory in training: `minimize_mask` and
 * `expand_mask` of mrcnn/utils.py. A half rounds down to 0, as numpy's `around` does.
 */
import { MaskRcnnError } from '../errors.ts';
import { resizeBilinear } from '../image/bilinear.ts';
import type { Box, Size } from '../shapes.ts';
import { cropMask, insertMask } from './crop.ts';

export interface MinimizeOptions {
  /** `[height * width]` of 0 and 1. */
  readonly mask: Uint8Array;
  readonly size: Size;
  /** Part of the mask to keep, in pixels. */
  readonly box: Box;
  readonly miniSize: Size;
}

/** The part of the mask in `box` at `miniSize`, 0 and 1. @throws MaskRcnnError for a box without area. */
export function minimizeMask({ mask, size, box, miniSize }: MinimizeOptions): Uint8Array {
  const from: Size = [box[2] - box[0], box[3] - box[1]];
  if (from[0] <= 0 || from[1] <= 0) {
    throw new MaskRcnnError(
      `the box [${box.join(', ')}] of a mask has no area; drop instances with an empty mask`,
      { code: 'empty-mask', values: { box } },
    );
  }
  return aboveHalf(resizeBilinear({ source: cropMask(mask, size, box), from, to: miniSize }));
}

export interface ExpandOptions {
  readonly miniMask: Uint8Array;
  readonly miniSize: Size;
  /** Where the mini-mask belongs, in pixels. */
  readonly box: Box;
  readonly size: Size;
}

/** A mini-mask back at its place, `[height * width]` of 0 and 1. */
export function expandMask({ miniMask, miniSize, box, size }: ExpandOptions): Uint8Array {
  const to: Size = [box[2] - box[0], box[3] - box[1]];
  const part = aboveHalf(resizeBilinear({ source: miniMask, from: miniSize, to }));
  return insertMask(part, box, size);
}

const aboveHalf = (values: Float64Array) => Uint8Array.from(values, (value) => Number(value > 0.5));

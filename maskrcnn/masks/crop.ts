/** Cuts a box out of a mask, and puts it back. */
import type { Box, Size } from '../shapes.ts';

/** The pixels of `[height * width]` that lie in `box`, row by row. The box lies inside of the mask. */
export function cropMask(mask: Uint8Array, [, width]: Size, [y1, x1, y2, x2]: Box): Uint8Array {
  const part = new Uint8Array((y2 - y1) * (x2 - x1));
  for (let y = y1; y < y2; y++) {
    part.set(mask.subarray(y * width + x1, y * width + x2), (y - y1) * (x2 - x1));
  }
  return part;
}

/** `[height * width]` of zeros with `part` in `box`. The box lies inside of the image. */
export function insertMask(
  part: Uint8Array,
  [y1, x1, y2, x2]: Box,
  [height, width]: Size,
): Uint8Array {
  const mask = new Uint8Array(height * width);
  const columns = x2 - x1;
  for (let y = y1; y < y2; y++) {
    mask.set(part.subarray((y - y1) * columns, (y - y1 + 1) * columns), y * width + x1);
  }
  return mask;
}

/**
 * Resizes a mask as its image was: `resize_mask` of mrcnn/utils.py, which takes the nearest pixel on
 * `scipy.ndimage.zoom`'s grid (order 0): the corner pixels of source and result coincide, unlike the
 * grid of the image. Where scipy's arithmetic steps beyond the last pixel it reads a zero; so does this.
 */
import { roundHalfToEven } from '../rounding.ts';
import type { Size } from '../shapes.ts';
import { pad } from './pad.ts';
import type { ResizedImage } from './resize-image.ts';

/** `[height, width]` of 0 and 1 → the mask of the resized image, at its size. */
export function resizeMask(
  mask: Uint8Array,
  size: Size,
  { scale, padding, crop }: Pick<ResizedImage, 'scale' | 'padding' | 'crop'>,
): Uint8Array {
  const to: Size = [roundHalfToEven(size[0] * scale), roundHalfToEven(size[1] * scale)];
  const zoomed = zoomNearest(mask, size, to);
  if (crop === undefined) return pad(zoomed, { size: to, padding, channels: 1 });
  const [y, x, height, width] = crop;
  const cut = new Uint8Array(height * width);
  for (let row = 0; row < height; row++) {
    const start = (y + row) * to[1] + x;
    cut.set(zoomed.subarray(start, start + width), row * width);
  }
  return cut;
}

function zoomNearest(mask: Uint8Array, from: Size, to: Size): Uint8Array {
  const rows = nearest(from[0], to[0]);
  const columns = nearest(from[1], to[1]);
  const zoomed = new Uint8Array(to[0] * to[1]);
  let next = 0;
  for (const row of rows) {
    for (const column of columns) {
      zoomed[next++] = row < 0 || column < 0 ? 0 : (mask[row * from[1] + column] ?? 0);
    }
  }
  return zoomed;
}

/** Source index of each output index; -1 beyond the source. */
function nearest(from: number, to: number): number[] {
  const step = to > 1 ? (from - 1) / (to - 1) : 1;
  return Array.from({ length: to }, (_, index) => {
    const position = index * step;
    return position > from - 1 ? -1 : Math.floor(position + 0.5);
  });
}

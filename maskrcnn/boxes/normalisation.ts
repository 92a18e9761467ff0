/**
 * Pixel boxes to normalised boxes and back: `norm_boxes` and `denorm_boxes` of mrcnn/utils.py.
 * `(y2, x2)` is outside of a pixel box and inside of a normalised one, hence the shift by one.
 */
import { roundHalfToEven } from '../rounding.ts';
import type { BoxArray, NormBoxes, PixelBoxes, Size } from '../shapes.ts';

/** `[N * 4]` in pixels of an image of `size` → `[N * 4]` where 0 to 1 spans the image. */
export function normBoxes(boxes: PixelBoxes<BoxArray>, size: Size): NormBoxes<Float32Array> {
  const result = new Float32Array(boxes.length);
  for (let i = 0; i < boxes.length; i++) {
    result[i] = ((boxes[i] ?? 0) - shift(i)) / extent(size, i);
  }
  return result;
}

/** `[N * 4]` normalised → `[N * 4]` whole pixels of an image of `size`, halves to the even one. */
export function denormBoxes(boxes: NormBoxes<BoxArray>, size: Size): PixelBoxes<Int32Array> {
  const result = new Int32Array(boxes.length);
  for (let i = 0; i < boxes.length; i++) {
    result[i] = roundHalfToEven((boxes[i] ?? 0) * extent(size, i) + shift(i));
  }
  return result;
}

const shift = (index: number) => (index % 4 < 2 ? 0 : 1);
const extent = ([height, width]: Size, index: number) => (index % 2 === 0 ? height : width) - 1;

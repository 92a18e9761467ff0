/** Small pictures and masks for tests of drawings: one drawn pixel is a third of a pixel of the image. */
import type { RgbPicture } from '../../report/drawing.ts';
import type { DrawnInstance } from '../../report/instances.ts';
import type { Box } from '../../maskrcnn/shapes.ts';

/** Side of the pictures. */
export const SIDE = 256;
/** Drawn pixels a pixel. */
export const SCALE = 3;

export const grey = (value: number): RgbPicture => ({
  pixels: new Uint8Array(SIDE * SIDE * 3).fill(value),
  height: SIDE,
  width: SIDE,
});

export function rectangle([y1, x1, y2, x2]: Box): Uint8Array {
  return Uint8Array.from({ length: SIDE * SIDE }, (_, at) => {
    const [y, x] = [Math.floor(at / SIDE), at % SIDE];
    return Number(y >= y1 && y < y2 && x >= x1 && x < x2);
  });
}

export const instance = (
  box: Box,
  classId: number,
  score: number,
): DrawnInstance & { score: number } => ({
  mask: rectangle(box),
  box,
  classId,
  score,
});

/**
 * Outlines as masks, pixel by pixel as scikit-image draws them (`skimage.draw.polygon`, `ellipse`, `disk`,
 * `rectangle`), which Matterport's samples use. A pixel is inside when its whole-numbered place is.
 *
 * Differs on purpose: what lies outside of the image is cut off (there, it is an index error).
 */
import type { Size } from '../shapes.ts';

/** A place in an image, `(y, x)` in pixels; fractions are welcome. */
export type Point = readonly [y: number, x: number];

/**
 * `[height * width]` of 0 and 1: inside of a closed polygon by the even-odd rule, or on its edge. With fewer
 * than three corners there are only the corners themselves and what lies between.
 */
export function polygonMask(corners: readonly Point[], [height, width]: Size): Uint8Array {
  const mask = new Uint8Array(height * width);
  const ys = corners.map(([y]) => y);
  const xs = corners.map(([, x]) => x);
  const bottom = Math.min(height - 1, Math.ceil(Math.max(...ys)));
  const right = Math.min(width - 1, Math.ceil(Math.max(...xs)));
  for (let y = Math.max(0, Math.trunc(Math.min(...ys))); y <= bottom; y++) {
    for (let x = Math.max(0, Math.trunc(Math.min(...xs))); x <= right; x++) {
      if (isInPolygon(corners, y, x)) mask[y * width + x] = 1;
    }
  }
  return mask;
}

export interface Ellipse {
  readonly centre: Point;
  /** Half axes before rotation, in pixels. */
  readonly radii: readonly [y: number, x: number];
  /** Clockwise as seen on the screen, in radians. @default 0 */
  readonly rotation?: number;
}

/** `[height * width]` of 0 and 1: strictly inside of an ellipse. */
export function ellipseMask(
  { centre, radii, rotation = 0 }: Ellipse,
  [height, width]: Size,
): Uint8Array {
  const [sine, cosine] = [Math.sin(rotation), Math.cos(rotation)];
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const y = Math.floor(i / width) - centre[0];
    const x = (i % width) - centre[1];
    const along = (x * cosine + y * sine) / radii[1];
    const across = (y * cosine - x * sine) / radii[0];
    return Number(along * along + across * across < 1);
  });
}

/** `[height * width]` of 0 and 1: the pixels from `start` on, as many as `extent` says. */
export function rectangleMask(
  { start, extent }: { readonly start: Point; readonly extent: Size },
  [height, width]: Size,
): Uint8Array {
  const [top, left] = [Math.round(start[0]), Math.round(start[1])];
  const [bottom, right] = [top + Math.round(extent[0]), left + Math.round(extent[1])];
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return Number(y >= top && y < bottom && x >= left && x < right);
  });
}

/** How near counts as a corner. */
const CORNER = 1e-12;

/** Rays to the right and to the left; they disagree on an edge (O'Rourke, Computational Geometry in C, chapter 7). */
function isInPolygon(corners: readonly Point[], y: number, x: number): boolean {
  let rightCrossings = 0;
  let leftCrossings = 0;
  let [beforeY, beforeX] = corners.at(-1) ?? [0, 0];
  beforeY -= y;
  beforeX -= x;
  for (const corner of corners) {
    const atY = corner[0] - y;
    const atX = corner[1] - x;
    if (Math.abs(atX) < CORNER && Math.abs(atY) < CORNER) return true;
    const crossing = (atX * beforeY - beforeX * atY) / (beforeY - atY);
    if (atY > 0 !== beforeY > 0 && crossing > 0) rightCrossings++;
    if (atY < 0 !== beforeY < 0 && crossing < 0) leftCrossings++;
    beforeY = atY;
    beforeX = atX;
  }
  return rightCrossings % 2 === 1 || leftCrossings % 2 === 1;
}

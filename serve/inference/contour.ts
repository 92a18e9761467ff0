/** The outline of a mask for drawing: few points, to a pixel of a picture of a thousand. */
import type { Size } from '../../maskrcnn/shapes.ts';
import { outlinePolygons, type OutlinePoint } from '../../report/contour.ts';
import { simplifyRing } from './simplify-ring.ts';

/** The outer ring, then its holes; each ends at the point where it begins. */
export type Polygon = readonly (readonly OutlinePoint[])[];

/** A contour that is finer shows on no screen, and takes seconds of a large photo. */
const FINEST = 1024;
const TOLERANCE = 0.75;

/** In pixels of the picture, to a tenth. `mask` is `[height * width]`. */
export function contourOf(mask: Uint8Array, [height, width]: Size): Polygon[] {
  const scale = Math.max(1, Math.max(height, width) / FINEST);
  const pictureHeight = Math.max(1, Math.round(height / scale));
  const pictureWidth = Math.max(1, Math.round(width / scale));
  const polygons = outlinePolygons({ mask, height, width, pictureHeight, pictureWidth });
  const back = ([x, y]: OutlinePoint): OutlinePoint => [
    tenth((x * width) / pictureWidth),
    tenth((y * height) / pictureHeight),
  ];
  return polygons.map((rings) => rings.map((ring) => simplifyRing(ring, TOLERANCE).map(back)));
}

const tenth = (value: number): number => Math.round(value * 10) / 10;

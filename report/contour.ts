/** The outline of a mask as an SVG path: marching squares (d3-contour), holes and several parts included. */
import { contours } from 'd3-contour';
import type { Canvas } from './drawing.ts';

export interface MaskOutline {
  /** `[height * width]`, 0 outside. */
  readonly mask: Uint8Array;
  readonly height: number;
  readonly width: number;
  /** Size of the picture that the outline is drawn on. */
  readonly pictureHeight: number;
  readonly pictureWidth: number;
}

/** `(x, y)` in picture pixels. */
export type OutlinePoint = readonly [number, number];

/**
 * The parts of the mask in picture pixels: of each the outer ring, then its holes; a ring ends at the point
 * where it begins. None where the mask is empty.
 */
export function outlinePolygons(outline: MaskOutline): OutlinePoint[][][] {
  const { values, height, width } = thinOut(outline);
  const scaleX = outline.pictureWidth / width;
  const scaleY = outline.pictureHeight / height;
  const shape = contours().size([width, height]).contour(values, 0.5);
  return shape.coordinates.map((rings) =>
    rings.map((ring) => ring.map(([x = 0, y = 0]): OutlinePoint => [x * scaleX, y * scaleY])),
  );
}

/** Data for the `d` attribute of an SVG path in picture pixels; empty where the mask is empty. */
export function outlinePath(outline: MaskOutline): string {
  return outlinePolygons(outline)
    .flat()
    .map((ring) => {
      const points = ring.map(([x, y]) => `${x.toFixed(1)},${y.toFixed(1)}`);
      return `M${points.join('L')}Z`;
    })
    .join('');
}

/** The outline of a mask `[height * width]` of the canvas' image. */
export function maskPath({ image, height, width }: Canvas, mask: Uint8Array): string {
  const { height: maskHeight, width: maskWidth } = image;
  const picture = { pictureHeight: height, pictureWidth: width };
  return outlinePath({ mask, height: maskHeight, width: maskWidth, ...picture });
}

/** The mask at no more than the picture's size: an outline finer than the picture's pixels is lost work. */
function thinOut({ mask, ...size }: MaskOutline): {
  values: number[];
  height: number;
  width: number;
} {
  const height = Math.min(size.height, size.pictureHeight);
  const width = Math.min(size.width, size.pictureWidth);
  const values = Array.from({ length: height * width }, (_, at) => {
    const y = Math.floor(((Math.floor(at / width) + 0.5) * size.height) / height);
    const x = Math.floor((((at % width) + 0.5) * size.width) / width);
    return mask[y * size.width + x] === 0 ? 0 : 1;
  });
  return { values, height, width };
}

/** What becomes of the window when its image is warped. */
import type { Affine } from './affine.ts';
import { largestDisplacement } from './elastic.ts';
import type { Warp } from './warp.ts';

/** `(y1, x1, y2, x2)` in pixels, end exclusive. */
type Window = readonly [number, number, number, number];

type Point = readonly [x: number, y: number];
type Bounds = readonly [top: number, left: number, bottom: number, right: number];

/** Of what rounding errors may add to a whole number. */
const EPSILON = 1e-6;

/**
 * A window around where the image in `window` went, within the canvas: all outside of it is black. It is the
 * smallest such for affine maps of whole images; elastic displacement widens it by the most it could be.
 */
export function warpWindow(window: Window, { canvas, stages, exact }: Warp): Window {
  // How far a pixel's colour reaches from its centre: bilinear mixing takes it to its neighbours' centres.
  const reach = exact ? 0.5 : 1;
  const [y1, x1, y2, x2] = window;
  let corners = cornersOf([y1 - reach, x1 - reach, y2 - 1 + reach, x2 - 1 + reach]);
  for (const stage of stages) {
    if (stage.kind === 'affine') {
      corners = corners.map((corner) => mapPoint(corner, stage.forth));
    } else {
      const most = largestDisplacement(stage.displacement);
      const [top, left, bottom, right] = boundsOf(corners);
      corners = cornersOf([top - most, left - most, bottom + most, right + most]);
    }
  }
  const [top, left, bottom, right] = boundsOf(corners);
  const [from, to] = [
    (v: number) => Math.ceil(v - EPSILON),
    (v: number) => Math.floor(v + EPSILON) + 1,
  ];
  return [
    clamp(from(top), canvas.height),
    clamp(from(left), canvas.width),
    clamp(to(bottom), canvas.height),
    clamp(to(right), canvas.width),
  ];
}

const clamp = (value: number, most: number): number => Math.min(Math.max(value, 0), most);

const mapPoint = ([x, y]: Point, [a, b, c, d, e, f]: Affine): Point => [
  a * x + b * y + c,
  d * x + e * y + f,
];

const cornersOf = ([top, left, bottom, right]: Bounds): readonly Point[] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
];

function boundsOf(points: readonly Point[]): Bounds {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  return [Math.min(...ys), Math.min(...xs), Math.max(...ys), Math.max(...xs)];
}

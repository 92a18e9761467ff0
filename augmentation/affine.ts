/**
 * Affine maps of the plane, in pixels: `(x, y)` is the centre of the pixel in column `x` and row `y`, `y`
 * points down, and a positive angle turns clockwise.
 */
import type { DrawnOperation } from './draw.ts';

/** `x' = a x + b y + c`, `y' = d x + e y + f`. */
export type Affine = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

export interface Canvas {
  readonly height: number;
  readonly width: number;
}

export type AffineOperation = Extract<
  DrawnOperation,
  { op: 'fliplr' | 'flipud' | 'rot90' | 'affine' | 'crop' }
>;

/** Where `operation` takes the pixels of a canvas. */
export function affineOf(operation: AffineOperation, canvas: Canvas): Affine {
  const { height, width } = canvas;
  switch (operation.op) {
    case 'fliplr':
      return [-1, 0, width - 1, 0, 1, 0];
    case 'flipud':
      return [1, 0, 0, 0, -1, height - 1];
    case 'rot90': {
      const sideways = operation.k % 2 === 1;
      const fit = sideways ? Math.min(height / width, width / height) : 1;
      return aboutCentre(then(scaling(fit), rotation(90 * operation.k)), canvas);
    }
    case 'affine': {
      const { scale, shear, rotate, translate } = operation;
      const lean: Affine = [1, -Math.tan((shear * Math.PI) / 180), 0, 0, 1, 0];
      const still = aboutCentre(then(scaling(scale), then(lean, rotation(rotate))), canvas);
      return then(still, [1, 0, translate[1] * width, 0, 1, translate[0] * height]);
    }
    case 'crop': {
      const { top, right, bottom, left } = operation;
      const [fx, fy] = [1 / (1 - left - right), 1 / (1 - top - bottom)];
      // The canvas' edges are half a pixel beyond the outer pixels' centres.
      const fromEdge = (shift: number, factor: number): number => (0.5 - shift) * factor - 0.5;
      return [fx, 0, fromEdge(left * width, fx), 0, fy, fromEdge(top * height, fy)];
    }
  }
}

/** First `first`, then `second`. */
export function then(first: Affine, second: Affine): Affine {
  const [a, b, c, d, e, f] = first;
  const [g, h, i, j, k, l] = second;
  return [
    g * a + h * d,
    g * b + h * e,
    g * c + h * f + i,
    j * a + k * d,
    j * b + k * e,
    j * c + k * f + l,
  ];
}

export function inverse([a, b, c, d, e, f]: Affine): Affine {
  const det = a * e - b * d;
  return [e / det, -b / det, (b * f - c * e) / det, -d / det, a / det, (c * d - a * f) / det];
}

/** Takes pixels onto pixels, so that nothing is mixed: flips and turns of a square do. */
export function isExact(map: Affine): boolean {
  const [a, b, , d, e] = map;
  return map.every(Number.isInteger) && Math.abs(a * e - b * d) === 1;
}

export function isIdentity([a, b, c, d, e, f]: Affine): boolean {
  return a === 1 && b === 0 && c === 0 && d === 0 && e === 1 && f === 0;
}

const scaling = (factor: number): Affine => [factor, 0, 0, 0, factor, 0];

function rotation(degrees: number): Affine {
  const [cos, sin] = cosAndSin(degrees);
  return [cos, -sin, 0, sin, cos, 0];
}

/** Exact for quarter turns. */
function cosAndSin(degrees: number): readonly [number, number] {
  const quarters = degrees / 90;
  if (Number.isInteger(quarters)) {
    const k = ((quarters % 4) + 4) % 4;
    return [[1, 0, -1, 0][k] as number, [0, 1, 0, -1][k] as number];
  }
  const angle = (degrees * Math.PI) / 180;
  return [Math.cos(angle), Math.sin(angle)];
}

function aboutCentre(map: Affine, { height, width }: Canvas): Affine {
  const [x, y] = [(width - 1) / 2, (height - 1) / 2];
  return then(then([1, 0, -x, 0, 1, -y], map), [1, 0, x, 0, 1, y]);
}

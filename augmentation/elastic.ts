/**
 * Elastic deformation (Simard et al., "Best practices for convolutional neural networks applied to visual
 * document analysis", 2003), with imgaug's two numbers: evenly distributed noise in ±1 for each pixel, smoothed
 * by a Gaussian of `sigma` and multiplied by `alpha`, is how far away a pixel is taken from.
 *
 * Differs on purpose: what is as smooth as this is made on a coarser grid, `sigma / 2` apart, and read between its
 * points. There the noise has `1 / spacing` of the strength, so that it is as strong once smoothed.
 */
import type { Canvas } from './affine.ts';
import { smooth } from './gaussian.ts';
import { quickRandom } from './quick-random.ts';
import type { Row } from './sampling.ts';

export interface Displacement {
  /** Pixels between the grid's points. */
  readonly spacing: number;
  readonly rows: number;
  readonly columns: number;
  /** `[rows, columns, (x, y)]`, in pixels: what is added to a place. */
  readonly shifts: Float32Array;
}

/** The displacement of noise `seed`, by less than `alpha` along each axis. */
export function elasticDisplacement(
  { alpha, sigma, seed }: { readonly alpha: number; readonly sigma: number; readonly seed: number },
  { height, width }: Canvas,
): Displacement {
  const spacing = Math.max(1, Math.floor(sigma / 2));
  const rows = Math.floor((height - 1) / spacing) + 2;
  const columns = Math.floor((width - 1) / spacing) + 2;
  const bits = quickRandom(seed, 'elastic');
  const strength = alpha / spacing;
  const shifts = new Float32Array(rows * columns * 2);
  for (let i = 0; i < shifts.length; i++) shifts[i] = strength * (bits() / 2 ** 31 - 1);
  smooth({ values: shifts, height: rows, width: columns, channels: 2 }, sigma / spacing);
  return { spacing, rows, columns, shifts };
}

/** The most that any place is moved along an axis, in pixels. */
export function largestDisplacement({ shifts }: Displacement): number {
  let most = 0;
  for (const shift of shifts) most = Math.max(most, Math.abs(shift));
  return most;
}

/** Adds to each place its displacement; places outside of the canvas get that of its edge. */
export function displace({ xs, ys }: Row, field: Displacement): void {
  const { spacing, rows, columns, shifts } = field;
  const below = 2 * columns;
  for (let i = 0; i < xs.length; i++) {
    const x = xs[i] as number;
    const y = ys[i] as number;
    const column = Math.min(Math.max(x / spacing, 0), columns - 1);
    const row = Math.min(Math.max(y / spacing, 0), rows - 1);
    const left = Math.min(Math.floor(column), columns - 2);
    const top = Math.min(Math.floor(row), rows - 2);
    const fx = column - left;
    const fy = row - top;
    const at = top * below + 2 * left;
    const w00 = (1 - fy) * (1 - fx);
    const w01 = (1 - fy) * fx;
    const w10 = fy * (1 - fx);
    const w11 = fy * fx;
    xs[i] =
      x +
      w00 * (shifts[at] as number) +
      w01 * (shifts[at + 2] as number) +
      w10 * (shifts[at + below] as number) +
      w11 * (shifts[at + below + 2] as number);
    ys[i] =
      y +
      w00 * (shifts[at + 1] as number) +
      w01 * (shifts[at + 3] as number) +
      w10 * (shifts[at + below + 1] as number) +
      w11 * (shifts[at + below + 3] as number);
  }
}

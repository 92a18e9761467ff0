/** Reads an image at the places of one row of another. */
import type { Canvas } from './affine.ts';

/** A place for each pixel of a row; a pixel's centre is at whole numbers. */
export interface Row {
  readonly xs: Float64Array;
  readonly ys: Float64Array;
}

/** Index of the nearest pixel; -1 outside of the canvas. */
export function nearestPixels(
  { xs, ys }: Row,
  { height, width }: Canvas,
  indices: Int32Array,
): void {
  for (let i = 0; i < indices.length; i++) {
    const x = Math.floor((xs[i] as number) + 0.5);
    const y = Math.floor((ys[i] as number) + 0.5);
    indices[i] = x >= 0 && x < width && y >= 0 && y < height ? y * width + x : -1;
  }
}

/** `mask` at `nearest`; 0 outside. */
export function pickMask(mask: Uint8Array, nearest: Int32Array): Uint8Array {
  const result = new Uint8Array(nearest.length);
  for (let i = 0; i < nearest.length; i++) {
    const index = nearest[i] as number;
    if (index >= 0) result[i] = mask[index] as number;
  }
  return result;
}

/** The whole pixels at `indices`; `target`, `[width, 3]`, stays as it is outside. */
export function copyPixels(pixels: Uint8Array, indices: Int32Array, target: Uint8Array): void {
  for (let i = 0, to = 0; i < indices.length; i++, to += 3) {
    const index = indices[i] as number;
    if (index < 0) continue;
    target[to] = pixels[3 * index] as number;
    target[to + 1] = pixels[3 * index + 1] as number;
    target[to + 2] = pixels[3 * index + 2] as number;
  }
}

interface Source {
  readonly pixels: Uint8Array;
  readonly canvas: Canvas;
}

/** Bilinear, with black around the canvas; `target`, `[width, 3]`, stays as it is far outside. */
export function mixPixels({ pixels, canvas }: Source, { xs, ys }: Row, target: Uint8Array): void {
  const { height, width } = canvas;
  for (let i = 0, to = 0; i < xs.length; i++, to += 3) {
    const x = xs[i] as number;
    const y = ys[i] as number;
    if (x <= -1 || x >= width || y <= -1 || y >= height) continue;
    const left = Math.floor(x);
    const top = Math.floor(y);
    const right = left + 1;
    const bottom = top + 1;
    const fx = x - left;
    const fy = y - top;
    // A neighbour outside counts for nothing; the pixel read in its place only has to be there.
    const wl = left < 0 ? 0 : 1 - fx;
    const wr = right < width ? fx : 0;
    const wt = top < 0 ? 0 : 1 - fy;
    const wb = bottom < height ? fy : 0;
    const upper = 3 * width * (top < 0 ? 0 : top);
    const lower = 3 * width * (bottom < height ? bottom : top);
    const before = 3 * (left < 0 ? 0 : left);
    const after = 3 * (right < width ? right : left);
    const w00 = wt * wl;
    const w01 = wt * wr;
    const w10 = wb * wl;
    const w11 = wb * wr;
    const tl = upper + before;
    const tr = upper + after;
    const bl = lower + before;
    const br = lower + after;
    for (let c = 0; c < 3; c++) {
      target[to + c] =
        w00 * (pixels[tl + c] as number) +
        w01 * (pixels[tr + c] as number) +
        w10 * (pixels[bl + c] as number) +
        w11 * (pixels[br + c] as number) +
        0.5;
    }
  }
}

/**
 * Bilinear resizing on scikit-image's grid (`skimage.transform.resize`, order 1, mode "constant", no
 * anti-aliasing), which Matterport uses for images and masks: pixel centres, zeros outside of the
 * source, and the result clipped to the source's own smallest and largest value.
 */
import type { Size } from '../shapes.ts';

export interface BilinearOptions {
  /** `[height, width, channels]`, row by row. */
  readonly source: ArrayLike<number>;
  readonly from: Size;
  readonly to: Size;
  /** @default 1 */
  readonly channels?: number;
}

/** The source at size `to`, `[height, width, channels]`, in double precision. */
export function resizeBilinear({ source, from, to, channels = 1 }: BilinearOptions): Float64Array {
  const rows = tapsOf(from[0], to[0], LEAN);
  const columns = tapsOf(from[1], to[1], -LEAN);
  const [lowest, highest] = rangeOf(source);
  const stride = from[1] * channels;
  const result = new Float64Array(to[0] * to[1] * channels);
  let next = 0;
  for (const row of rows) {
    const above = row.before * stride;
    const below = row.after * stride;
    for (const column of columns) {
      const left = column.before * channels;
      const right = column.after * channels;
      for (let channel = 0; channel < channels; channel++) {
        const top =
          column.weightBefore * (source[above + left + channel] ?? 0) +
          column.weightAfter * (source[above + right + channel] ?? 0);
        const bottom =
          column.weightBefore * (source[below + left + channel] ?? 0) +
          column.weightAfter * (source[below + right + channel] ?? 0);
        const value = row.weightBefore * top + row.weightAfter * bottom;
        result[next++] = Math.min(Math.max(value, lowest), highest);
      }
    }
  }
  return result;
}

/** The two source positions that an output position mixes; a weight is 0 outside of the source. */
interface Taps {
  readonly before: number;
  readonly after: number;
  readonly weightBefore: number;
  readonly weightAfter: number;
}

/**
 * scikit-image 0.16 estimates the map from output to source by a singular value decomposition, whose
 * rounding moves it by 1e-15 to 1e-13 of a pixel. That decides where the exact value is a whole grey level
 * (at factors such as 2, and a grey level is truncated) and depends on the build of LAPACK, so that it
 * cannot be copied; this leans as the recorded runs of the reference leaned.
 */
const LEAN = 5e-15;

function tapsOf(from: number, to: number, lean: number): Taps[] {
  const shift = from === to ? 0 : lean;
  return Array.from({ length: to }, (_, index) => {
    const position = (from / to) * (index + 0.5) - 0.5 + shift;
    const before = Math.floor(position);
    const after = Math.ceil(position);
    const part = position - before;
    return {
      before: Math.max(before, 0),
      after: Math.min(after, from - 1),
      weightBefore: before < 0 ? 0 : 1 - part,
      weightAfter: after > from - 1 ? 0 : part,
    };
  });
}

function rangeOf(values: ArrayLike<number>): readonly [number, number] {
  let lowest = Infinity;
  let highest = -Infinity;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] ?? 0;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  return [lowest, highest];
}

/** Pixels → fewer pixels: each new one is the mean of what lies under it, its border pixels by their share. */
import type { Size } from '../../maskrcnn/shapes.ts';

/** One channel, `[height * width]`, 0 to 255. Enlarging repeats. */
export function areaAverage(
  pixels: Uint8Array,
  { from, to }: { readonly from: Size; readonly to: Size },
): Uint8Array {
  const narrow = new Float64Array(from[0] * to[1]);
  for (const { target, source, share } of shares(from[1], to[1])) {
    for (let y = 0; y < from[0]; y++) {
      const at = y * to[1] + target;
      narrow[at] = (narrow[at] ?? 0) + share * (pixels[y * from[1] + source] ?? 0);
    }
  }
  const small = new Float64Array(to[0] * to[1]);
  for (const { target, source, share } of shares(from[0], to[0])) {
    for (let x = 0; x < to[1]; x++) {
      const at = target * to[1] + x;
      small[at] = (small[at] ?? 0) + share * (narrow[source * to[1] + x] ?? 0);
    }
  }
  return Uint8Array.from(small, Math.round);
}

interface Share {
  readonly target: number;
  readonly source: number;
  /** Of the source in the target; they sum to 1. */
  readonly share: number;
}

function shares(from: number, to: number): Share[] {
  return Array.from({ length: to }, (_, target) => {
    const [start, end] = [(target * from) / to, ((target + 1) * from) / to];
    const first = Math.floor(start);
    const last = Math.min(from, Math.ceil(end - 1e-9));
    return Array.from({ length: last - first }, (__, index) => {
      const source = first + index;
      const covered = Math.min(source + 1, end) - Math.max(source, start);
      return { target, source, share: covered / (end - start) };
    });
  }).flat();
}

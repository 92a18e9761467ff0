/**
 * The connected parts of a mask (pixels that touch, corners included), by runs of pixels and a union of the runs of
 * neighbouring rows: one pass over the mask, which may have 12 million pixels.
 */
import type { Size } from '../../maskrcnn/shapes.ts';

interface Run {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
  readonly part: number;
}

/** Pixels of each part of the ones in `[height * width]`, the largest first; none for an empty mask. */
export function partAreas(mask: Uint8Array, [height, width]: Size): number[] {
  const parents: number[] = [];
  const areas: number[] = [];
  let above: readonly Run[] = [];
  for (let y = 0; y < height; y++) {
    const row = mask.subarray(y * width, (y + 1) * width);
    const runs: Run[] = [];
    let next = 0;
    for (let start = row.indexOf(1); start >= 0; start = row.indexOf(1, start)) {
      const zero = row.indexOf(0, start);
      const end = zero < 0 ? width : zero;
      // Runs above that end before this one can touch none to the right of it either.
      while (next < above.length && (above[next]?.end ?? 0) < start) next++;
      let part = -1;
      for (let at = next; at < above.length && (above[at]?.start ?? 0) <= end; at++) {
        const neighbour = rootOf(above[at]?.part ?? 0, parents);
        if (part < 0) part = neighbour;
        else if (part !== neighbour) {
          parents[neighbour] = part;
          areas[part] = (areas[part] ?? 0) + (areas[neighbour] ?? 0);
          areas[neighbour] = 0;
        }
      }
      if (part < 0) part = parents.push(parents.length) - 1;
      areas[part] = (areas[part] ?? 0) + end - start;
      runs.push({ start, end, part });
      start = end;
    }
    above = runs;
  }
  return areas.filter((area) => area > 0).sort((a, b) => b - a);
}

function rootOf(part: number, parents: number[]): number {
  let root = part;
  while (parents[root] !== root) root = parents[root] ?? root;
  parents[part] = root;
  return root;
}

/** Intersection over union of boxes and of masks: `compute_overlaps`, `compute_overlaps_masks` of mrcnn/utils.py. */
import type { BoxArray } from '../shapes.ts';

/**
 * IoU of each box of `a` `[N * 4]` with each of `b` `[M * 4]` → `[N * M]`, row by row, 0 to 1. Both in
 * the same coordinate system. NaN where both boxes have no area, as in the reference.
 */
export function boxOverlaps(a: BoxArray, b: BoxArray): Float64Array {
  const rows = a.length / 4;
  const columns = b.length / 4;
  const overlaps = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < columns; j++) overlaps[i * columns + j] = boxIou(a, i, b, j);
  }
  return overlaps;
}

/** IoU of box `i` of `a` with box `j` of `b`. */
export function boxIou(a: BoxArray, i: number, b: BoxArray, j: number): number {
  const [ay1, ax1, ay2, ax2] = boxAt(a, i);
  const [by1, bx1, by2, bx2] = boxAt(b, j);
  const height = Math.max(Math.min(ay2, by2) - Math.max(ay1, by1), 0);
  const width = Math.max(Math.min(ax2, bx2) - Math.max(ax1, bx1), 0);
  const intersection = width * height;
  return intersection / ((by2 - by1) * (bx2 - bx1) + (ay2 - ay1) * (ax2 - ax1) - intersection);
}

function boxAt(boxes: BoxArray, index: number): [number, number, number, number] {
  const start = 4 * index;
  return [boxes[start] ?? 0, boxes[start + 1] ?? 0, boxes[start + 2] ?? 0, boxes[start + 3] ?? 0];
}

/**
 * IoU of each mask of `a` (N of them) with each of `b` (M) → `[N * M]`. Masks hold the same pixels in
 * the same order; what is not 0 is inside. NaN where both are empty, as in the reference.
 */
export function maskOverlaps(a: readonly Uint8Array[], b: readonly Uint8Array[]): Float64Array {
  const overlaps = new Float64Array(a.length * b.length);
  a.forEach((first, i) => {
    b.forEach((second, j) => {
      let intersection = 0;
      let union = 0;
      for (let pixel = 0; pixel < first.length; pixel++) {
        const one = first[pixel] !== 0;
        const other = second[pixel] !== 0;
        if (one && other) intersection++;
        if (one || other) union++;
      }
      overlaps[i * b.length + j] = intersection / union;
    });
  });
  return overlaps;
}

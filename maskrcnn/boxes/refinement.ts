/**
 * Boxes as deltas against other boxes, `(dy, dx, log dh, log dw)`: R-CNN (Girshick et al., 2014),
 * appendix C; `box_refinement` and `apply_box_deltas` of mrcnn/utils.py. Deltas are not divided by the
 * standard deviations of the config here.
 */
import type { BoxArray } from '../shapes.ts';

/** Deltas that turn each box `[N * 4]` into its `gtBoxes` `[N * 4]` → `[N * (dy, dx, dh, dw)]`. */
export function boxRefinement(boxes: BoxArray, gtBoxes: BoxArray): Float64Array {
  const deltas = new Float64Array(boxes.length);
  for (let i = 0; i < boxes.length; i += 4) {
    const [y, x, height, width] = centreForm(boxes, i);
    const [gtY, gtX, gtHeight, gtWidth] = centreForm(gtBoxes, i);
    deltas[i] = (gtY - y) / height;
    deltas[i + 1] = (gtX - x) / width;
    deltas[i + 2] = Math.log(gtHeight / height);
    deltas[i + 3] = Math.log(gtWidth / width);
  }
  return deltas;
}

/** Each box `[N * 4]` moved and resized by its deltas `[N * (dy, dx, dh, dw)]` → `[N * 4]`. */
export function applyBoxDeltas(boxes: BoxArray, deltas: BoxArray): Float64Array {
  const moved = new Float64Array(boxes.length);
  for (let i = 0; i < boxes.length; i += 4) {
    const [y, x, height, width] = centreForm(boxes, i);
    const newHeight = height * Math.exp(deltas[i + 2] ?? 0);
    const newWidth = width * Math.exp(deltas[i + 3] ?? 0);
    const y1 = y + (deltas[i] ?? 0) * height - 0.5 * newHeight;
    const x1 = x + (deltas[i + 1] ?? 0) * width - 0.5 * newWidth;
    moved.set([y1, x1, y1 + newHeight, x1 + newWidth], i);
  }
  return moved;
}

/** `(centre y, centre x, height, width)` of the box that starts at `start`. */
function centreForm(boxes: BoxArray, start: number): readonly [number, number, number, number] {
  const y1 = boxes[start] ?? 0;
  const x1 = boxes[start + 1] ?? 0;
  const height = (boxes[start + 2] ?? 0) - y1;
  const width = (boxes[start + 3] ?? 0) - x1;
  return [y1 + 0.5 * height, x1 + 0.5 * width, height, width];
}

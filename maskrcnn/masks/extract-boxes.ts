/** The smallest box around a mask: `extract_bboxes` of mrcnn/utils.py. */
import type { Box, Size } from '../shapes.ts';

/** Box in pixels, `(y2, x2)` exclusive, of the ones in `[height * width]`; all zeros for an empty mask. */
export function extractBox(mask: Uint8Array, [height, width]: Size): Box {
  let [y1, x1, y2, x2] = [height, width, 0, 0];
  for (let y = 0; y < height; y++) {
    const row = mask.subarray(y * width, (y + 1) * width);
    const first = row.indexOf(1);
    if (first < 0) continue;
    const last = row.lastIndexOf(1);
    if (y < y1) y1 = y;
    y2 = y + 1;
    if (first < x1) x1 = first;
    if (last >= x2) x2 = last + 1;
  }
  return y2 === 0 ? [0, 0, 0, 0] : [y1, x1, y2, x2];
}

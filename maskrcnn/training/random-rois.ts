/**
 * RoIs by chance in place of the RPN's proposals, to train or debug the heads alone: `generate_random_rois`
 * of mrcnn/model.py. Nine in ten lie around the truth (corners within a box's size of it), the rest anywhere.
 *
 * Differs on purpose: two different corners are drawn at once, where the reference draws until they differ
 * (the same distribution); without truth all lie anywhere (there, a division by zero).
 */
import type { RandomStream } from '../random.ts';
import type { Box, PixelBoxes, Size } from '../shapes.ts';

const SHARE_NEAR_TRUTH = 0.9;

export interface RandomRoisOptions {
  /** Size of the image, at least two pixels each way. */
  readonly size: Size;
  /** Boxes of the instances in pixels, crowds included. */
  readonly gtBoxes: readonly Box[];
  readonly count: number;
  readonly random: RandomStream;
}

/** `[count * (y1, x1, y2, x2)]` in whole pixels, every box with an area, those near the truth first. */
export function randomRois(options: RandomRoisOptions): PixelBoxes<Int32Array> {
  const { size, gtBoxes, count, random } = options;
  const [height, width] = size;
  const rois = new Int32Array(4 * count);
  const perBox = gtBoxes.length === 0 ? 0 : Math.trunc((SHARE_NEAR_TRUTH * count) / gtBoxes.length);
  for (let roi = 0; roi < count; roi++) {
    const box = perBox === 0 ? undefined : gtBoxes[Math.floor(roi / perBox)];
    const [y1, x1, y2, x2] = box === undefined ? [0, 0, height, width] : around(box, size);
    const [top, bottom] = twoDifferent(y1, y2, random);
    const [left, right] = twoDifferent(x1, x2, random);
    rois.set([top, left, bottom, right], 4 * roi);
  }
  return rois;
}

/** The box with its own height and width added on every side, as far as the image reaches. */
function around([y1, x1, y2, x2]: Box, [height, width]: Size): Box {
  const [boxHeight, boxWidth] = [y2 - y1, x2 - x1];
  return [
    Math.max(y1 - boxHeight, 0),
    Math.max(x1 - boxWidth, 0),
    Math.min(y2 + boxHeight, height),
    Math.min(x2 + boxWidth, width),
  ];
}

/** Two different integers of `from <= i < to`, the smaller first. */
function twoDifferent(from: number, to: number, random: RandomStream): readonly [number, number] {
  const one = random.below(to - from);
  const other = random.below(to - from - 1);
  const second = other < one ? other : other + 1;
  return [from + Math.min(one, second), from + Math.max(one, second)];
}

/**
 * How well anchors lie on a data set's boxes. For one shape of anchor the best place for a box is known: overlap
 * only falls with the distance of the centres, on each axis by itself, so it is the grid's nearest centre. That
 * makes a whole data set a matter of milliseconds, and a search over shapes possible.
 */
import { z } from 'zod';
import { pyramidSizes } from '../../maskrcnn/boxes/anchors.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import type { Box } from '../../maskrcnn/shapes.ts';
import { squareFit, squareOf } from '../square-fit.ts';
import type { PairMeasures } from './measure-pair.ts';

export const anchorFitSchema = z.strictObject({
  /** Mean over the boxes of the largest IoU with any anchor, 0 to 1. */
  meanIou: z.number(),
  /** Share of the boxes with an anchor of at least so much IoU. */
  recall50: z.number(),
  recall70: z.number(),
});
export type AnchorFit = z.output<typeof anchorFitSchema>;

export type AnchorOptions = Pick<
  MaskRcnnConfig,
  'rpnAnchorScales' | 'rpnAnchorRatios' | 'rpnAnchorStride' | 'backboneStrides' | 'imageMaxDim'
>;

/** The box of the lesion in pixels of the training square. */
export function boxAtSize(
  { box, height, width }: Pick<PairMeasures, 'box' | 'height' | 'width'>,
  config: MaskRcnnConfig,
): Box {
  const fit = squareFit({ height, width }, squareOf(config));
  const [top, left] = fit.window;
  const [down, across] = [fit.height / height, fit.width / width];
  const [y1, x1, y2, x2] = box;
  return [top + y1 * down, left + x1 * across, top + y2 * down, left + x2 * across];
}

export function anchorFit(boxes: readonly Box[], options: AnchorOptions): AnchorFit {
  const overlaps = boxes.map((box) => bestAnchor(box, options));
  const share = (least: number) => overlaps.filter((iou) => iou >= least).length / boxes.length;
  const sum = overlaps.reduce((total, iou) => total + iou, 0);
  return { meanIou: sum / boxes.length, recall50: share(0.5), recall70: share(0.7) };
}

/** The largest IoU of `box`, in pixels of the training square, with any anchor: 0 to 1. */
export function bestAnchor([y1, x1, y2, x2]: Box, options: AnchorOptions): number {
  const { rpnAnchorScales, rpnAnchorRatios, imageMaxDim: side } = options;
  const [height, width] = [y2 - y1, x2 - x1];
  const grids = pyramidSizes(options, [side, side]);
  let best = 0;
  rpnAnchorScales.forEach((scale, level) => {
    const step = (options.backboneStrides[level] ?? 1) * options.rpnAnchorStride;
    const cells = Math.ceil((grids[level]?.[0] ?? 1) / options.rpnAnchorStride);
    const nearest = (centre: number) =>
      Math.min(cells - 1, Math.max(0, Math.round(centre / step))) * step;
    const [y, x] = [nearest((y1 + y2) / 2), nearest((x1 + x2) / 2)];
    for (const ratio of rpnAnchorRatios) {
      const [high, wide] = [scale / Math.sqrt(ratio), scale * Math.sqrt(ratio)];
      const down = Math.min(y2, y + high / 2) - Math.max(y1, y - high / 2);
      const across = Math.min(x2, x + wide / 2) - Math.max(x1, x - wide / 2);
      const both = Math.max(0, down) * Math.max(0, across);
      best = Math.max(best, both / (height * width + high * wide - both));
    }
  });
  return best;
}

/**
 * Where instances lie in a data set's images and how large they are, at training size: what anchors and
 * sizes are chosen by (samples/coco/inspect_data.ipynb, "Bounding Boxes").
 */
import { z } from 'zod';
import { bestAnchor, boxAtSize } from '../datasets/fingerprint/anchor-fit.ts';
import type { PairMeasures } from '../datasets/fingerprint/measure-pair.ts';
import { spreadOf, spreadSchema, type Spread } from '../datasets/fingerprint/spread.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';

export interface InstanceMeasures {
  /** Share of the image, padding not counted, 0 to 1. */
  readonly area: number;
  /** Of the box, in pixels at training size. */
  readonly height: number;
  readonly width: number;
  /** Of the box, in shares of the image: 0 is its top or left. */
  readonly centreY: number;
  readonly centreX: number;
  readonly touchesBorder: boolean;
  /** The largest IoU of its box with any anchor, 0 to 1. */
  readonly bestAnchor: number;
}

/** A measured lesion in the training square. */
export function instanceAtSize(pair: PairMeasures, config: MaskRcnnConfig): InstanceMeasures {
  const box = boxAtSize(pair, config);
  const [y1, x1, y2, x2] = pair.box;
  return {
    area: pair.area,
    height: box[2] - box[0],
    width: box[3] - box[1],
    centreY: (y1 + y2) / 2 / pair.height,
    centreX: (x1 + x2) / 2 / pair.width,
    touchesBorder: pair.bordersTouched > 0,
    bestAnchor: bestAnchor(box, config),
  };
}

export const maskSummarySchema = z.strictObject({
  instances: z.int(),
  area: spreadSchema,
  height: spreadSchema,
  width: spreadSchema,
  /** Width over height of the boxes. */
  aspect: spreadSchema,
  centreY: spreadSchema,
  centreX: spreadSchema,
  /** Share of the instances. */
  touchingBorder: z.number(),
  bestAnchor: spreadSchema,
  /** Share of the instances that no anchor overlaps by 0.5: they are hard to find. */
  poorlyAnchored: z.number(),
});
export type MaskSummary = z.output<typeof maskSummarySchema>;

/** @throws nothing; of no instances every number is NaN but the count. */
export function summariseMasks(all: readonly InstanceMeasures[]): MaskSummary {
  const spread = (value: (measures: InstanceMeasures) => number) => spreadOf(all.map(value));
  const share = (holds: (measures: InstanceMeasures) => boolean) =>
    all.filter(holds).length / all.length;
  return {
    instances: all.length,
    area: spread(({ area }) => area),
    height: spread(({ height }) => height),
    width: spread(({ width }) => width),
    aspect: spread(({ width, height }) => width / height),
    centreY: spread(({ centreY }) => centreY),
    centreX: spread(({ centreX }) => centreX),
    touchingBorder: share(({ touchesBorder }) => touchesBorder),
    bestAnchor: spread(({ bestAnchor }) => bestAnchor),
    poorlyAnchored: share(({ bestAnchor }) => bestAnchor < 0.5),
  };
}

/** Lines for a person. */
export function renderMaskSummary(summary: MaskSummary): string[] {
  const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
  const pixels = (value: number) => value.toFixed(0);
  const plain = (value: number) => value.toFixed(2);
  const row = (name: string, spread: Spread, shown: (value: number) => string) =>
    [
      name.padEnd(24),
      ...[spread.least, spread.quarter, spread.median, spread.threeQuarters, spread.most].map(
        (value) => shown(value).padStart(9),
      ),
    ].join('');
  return [
    `${'instances'.padEnd(24)}${['least', '25 %', 'median', '75 %', 'most'].map((head) => head.padStart(9)).join('')}`,
    row('share of the image', summary.area, percent),
    row('box height, pixels', summary.height, pixels),
    row('box width, pixels', summary.width, pixels),
    row('width / height', summary.aspect, plain),
    row('centre, top to bottom', summary.centreY, percent),
    row('centre, left to right', summary.centreX, percent),
    row('best anchor, IoU', summary.bestAnchor, plain),
    `${percent(summary.touchingBorder)} touch the border; ${percent(summary.poorlyAnchored)} have no anchor with an IoU of 0.5`,
  ];
}

/**
 * Where instances lie in a data set's images and how large they are, at training size: what anchors and
 * sizes are chosen by (samples/coco/inspect_data.ipynb, "Bounding Boxes").
 */
import { pixelAnchors } from '../maskrcnn/boxes/anchors.ts';
import { boxOverlaps } from '../maskrcnn/boxes/overlaps.ts';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import { extractBox } from '../maskrcnn/masks/extract-boxes.ts';
import type { AnnotatedImage } from '../maskrcnn/training/annotated-image.ts';
import { quantile } from './distribution.ts';

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

/** The instances of one image; those with an empty mask are left out. */
export function measureInstances(
  { instances, height, width, window }: AnnotatedImage,
  config: MaskRcnnConfig,
): InstanceMeasures[] {
  const [top, left, bottom, right] = window;
  const anchors = pixelAnchors(config, [height, width]);
  return instances.flatMap(({ mask }) => {
    const [y1, x1, y2, x2] = extractBox(mask, [height, width]);
    if (y2 === 0) return [];
    const pixels = mask.reduce((sum, value) => sum + Number(value !== 0), 0);
    const overlaps = boxOverlaps(anchors, Float64Array.of(y1, x1, y2, x2));
    return [
      {
        area: pixels / ((bottom - top) * (right - left)),
        height: y2 - y1,
        width: x2 - x1,
        centreY: ((y1 + y2) / 2 - top) / (bottom - top),
        centreX: ((x1 + x2) / 2 - left) / (right - left),
        touchesBorder: y1 <= top || x1 <= left || y2 >= bottom || x2 >= right,
        bestAnchor: overlaps.reduce((best, overlap) => Math.max(best, overlap), 0),
      },
    ];
  });
}

export interface Spread {
  readonly least: number;
  readonly quarter: number;
  readonly median: number;
  readonly threeQuarters: number;
  readonly most: number;
}

export interface MaskSummary {
  readonly instances: number;
  readonly area: Spread;
  readonly height: Spread;
  readonly width: Spread;
  /** Width over height of the boxes. */
  readonly aspect: Spread;
  readonly centreY: Spread;
  readonly centreX: Spread;
  /** Share of the instances. */
  readonly touchingBorder: number;
  readonly bestAnchor: Spread;
  /** Share of the instances that no anchor overlaps by 0.5: they are hard to find. */
  readonly poorlyAnchored: number;
}

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

function spreadOf(values: readonly number[]): Spread {
  const rising = values.toSorted((a, b) => a - b);
  return {
    least: quantile(rising, 0),
    quarter: quantile(rising, 0.25),
    median: quantile(rising, 0.5),
    threeQuarters: quantile(rising, 0.75),
    most: quantile(rising, 1),
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

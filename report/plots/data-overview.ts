/**
 * A data set on one sheet, for who has just received it: how large its lesions are, where they lie, what shape and
 * colour they have, how large the pictures are. After Ultralytics' `labels.jpg` and nnU-Net's fingerprint; every
 * title is a sentence that says what is seen.
 */
import * as Plot from '@observablehq/plot';
import { brightnessOf } from '../../datasets/fingerprint/colour-stats.ts';
import type { PairMeasures } from '../../datasets/fingerprint/measure-pair.ts';
import type { DataSummary } from '../../datasets/fingerprint/summary.ts';
import type { Drawing } from '../drawing.ts';
import { mosaic } from '../mosaic.ts';
import { chart } from './chart.ts';

export interface DataOverviewOptions {
  readonly summary: DataSummary;
  readonly measures: readonly PairMeasures[];
  readonly title: string;
}

const LESION = '#1668b8';
const SIZE = {
  width: 460,
  height: 340,
  marginLeft: 56,
  marginBottom: 48,
  marginRight: 20,
} as const;
const axis = { grid: true, labelArrow: false, labelAnchor: 'center' } as const;
const percent = (share: number) => `${(100 * share).toFixed(share < 0.095 ? 1 : 0)} %`;
const wholePercent = (share: number) => `${String(Math.round(100 * share))} %`;

export function plotDataOverview(options: DataOverviewOptions): Drawing {
  const { lesions, images } = options.summary;
  const touching = lesions.bordersTouched.slice(1).reduce((a, b) => a + b, 0);
  const touchShare = touching / options.measures.length;
  const [commonest] = images.sizes;
  const isOneSize = images.sizes.length === 1;
  const { quarter, threeQuarters } = lesions.aspect;
  return mosaic({
    tiles: [
      {
        title: `Half of the lesions fill less than ${percent(lesions.area.median)} of their picture`,
        drawing: areas(options),
      },
      {
        title: `Where lesions lie; ${touching === 0 ? 'none' : percent(touchShare)} leave the picture`,
        drawing: heat(options),
      },
      {
        title: isOneSize
          ? `All pictures are ${String(commonest?.width)} × ${String(commonest?.height)} pixels`
          : `${String(images.sizes.length)} sizes of pictures, most ${String(commonest?.width)} × ${String(commonest?.height)}`,
        drawing: sizes(options),
      },
      {
        title: `Half of the boxes are ${quarter.toFixed(2)} to ${threeQuarters.toFixed(2)} times as wide as high`,
        drawing: shapes(options),
      },
      {
        title: 'Colour of the skin in each picture, dark to light',
        drawing: palette(options, 'skin'),
      },
      { title: 'Colour of each lesion, dark to light', drawing: palette(options, 'lesion') },
    ],
    columns: 3,
    title: options.title,
  });
}

function areas({ measures }: DataOverviewOptions): Drawing {
  return chart({
    ...SIZE,
    x: {
      ...axis,
      label: 'share of the picture that is lesion',
      domain: [0, 1],
      tickFormat: wholePercent,
    },
    y: { ...axis, label: 'lesions', tickFormat: 'd' },
    marks: [
      Plot.rectY(measures, {
        ...Plot.binX({ y: 'count' }, { x: { value: 'area', thresholds: 20, domain: [0, 1] } }),
        fill: LESION,
      }),
      Plot.ruleY([0]),
    ],
  });
}

function heat({ summary }: DataOverviewOptions): Drawing {
  const cells = summary.lesions.heat.flatMap((row, y) => row.map((share, x) => ({ x, y, share })));
  const side = summary.lesions.heat.length;
  return chart({
    ...SIZE,
    marginTop: 8,
    marginBottom: 28,
    // The map is a square, with the legend in its own corner.
    marginLeft: 76,
    marginRight: SIZE.width - 76 - (SIZE.height - 36),
    x: { axis: null, domain: [0, side] },
    y: { axis: null, domain: [side, 0] },
    color: {
      type: 'linear',
      scheme: 'blues',
      domain: [0, Math.max(...cells.map(({ share }) => share))],
    },
    marks: [
      Plot.rect(cells, {
        x1: 'x',
        x2: ({ x }: { x: number }) => x + 1,
        y1: 'y',
        y2: ({ y }: { y: number }) => y + 1,
        fill: 'share',
        inset: -0.25,
      }),
      Plot.frame({ stroke: '#8b9298' }),
      Plot.text(
        [
          {
            x: side / 2,
            y: side / 2,
            share: cells[Math.floor((side * side + side) / 2)]?.share ?? 0,
          },
          { x: side * 0.9, y: side * 0.94, share: cells.at(-1)?.share ?? 0 },
        ],
        {
          x: 'x',
          y: 'y',
          text: ({ share }: { share: number }) => wholePercent(share),
          fill: ({ share }: { share: number }) => (share > 0.4 ? '#fff' : '#1b2126'),
        },
      ),
      Plot.text(['share of the lesions that cover this place'], {
        frameAnchor: 'bottom',
        dy: 18,
      }),
    ],
  });
}

function sizes({ measures, summary }: DataOverviewOptions): Drawing {
  const most = 1.2 * Math.max(summary.images.width.most, summary.images.height.most);
  const grouped = summary.images.sizes;
  return chart({
    ...SIZE,
    x: { ...axis, label: 'width, pixels', domain: [0, most], ticks: 5 },
    y: { ...axis, label: 'height, pixels', domain: [0, most], ticks: 5 },
    r: { domain: [0, measures.length], range: [0, 30] },
    marks: [
      Plot.line(
        [
          [0, 0],
          [most, most],
        ],
        { stroke: '#c3c9ce', strokeDasharray: '4 4' },
      ),
      Plot.dot(grouped, {
        x: 'width',
        y: 'height',
        r: ({ images }: { images: number }) => Math.max(images, measures.length / 150),
        fill: LESION,
        fillOpacity: 0.55,
        stroke: LESION,
      }),
    ],
  });
}

function shapes({ measures }: DataOverviewOptions): Drawing {
  const ratios = measures.map(({ box: [y1, x1, y2, x2] }) => (x2 - x1) / (y2 - y1));
  const clipped = ratios.map((ratio) => Math.log2(Math.min(4, Math.max(0.25, ratio))));
  return chart({
    ...SIZE,
    x: {
      ...axis,
      label: 'width over height of the box around the lesion',
      domain: [-2, 2],
      ticks: [-2, -1, 0, 1, 2],
      tickFormat: (power: number) => ['¼', '½', '1', '2', '4'][power + 2] ?? '',
    },
    y: { ...axis, label: 'lesions', tickFormat: 'd' },
    marks: [
      Plot.rectY(clipped, {
        ...Plot.binX(
          { y: 'count' },
          { x: { value: (power: number) => power, thresholds: 24, domain: [-2, 2] } },
        ),
        fill: LESION,
      }),
      Plot.ruleY([0]),
    ],
  });
}

const ACROSS = 24;
const DOWN = 14;

/** A patch for each of evenly chosen pictures, so that the whole range is there at any number of them. */
function palette({ measures, summary }: DataOverviewOptions, kind: 'skin' | 'lesion'): Drawing {
  const rising = measures
    .map(({ colours }) => colours[kind].mean)
    .sort((a, b) => brightnessOf(a) - brightnessOf(b));
  const patches = Array.from({ length: ACROSS * DOWN }, (_, at) => {
    const mean = rising[Math.floor((at * rising.length) / (ACROSS * DOWN))] ?? [0, 0, 0];
    return {
      x: Math.floor(at / DOWN),
      y: at % DOWN,
      colour: `rgb(${mean.map(Math.round).join(',')})`,
    };
  });
  const { mean, deviation } = summary.colours[kind];
  const word = (value: readonly number[]) => value.map((channel) => channel.toFixed(0)).join(', ');
  return chart({
    ...SIZE,
    marginTop: 8,
    marginLeft: 16,
    marginBottom: 36,
    x: { axis: null, domain: [0, ACROSS] },
    y: { axis: null, domain: [DOWN, 0] },
    marks: [
      Plot.rect(patches, {
        x1: 'x',
        x2: ({ x }: { x: number }) => x + 1,
        y1: 'y',
        y2: ({ y }: { y: number }) => y + 1,
        fill: 'colour',
        inset: -0.25,
      }),
      Plot.text([`mean red, green, blue ${word(mean)}; deviation ${word(deviation)}`], {
        frameAnchor: 'bottom',
        dy: 22,
      }),
    ],
  });
}

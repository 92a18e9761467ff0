/**
 * How the weights of each part of the network are spread, a row a part and a column a kind of weight: the
 * histograms of samples/coco/inspect_weights.ipynb. A part with a flagged weight has a red title.
 */
import * as Plot from '@observablehq/plot';
import type { Drawing } from '../drawing.ts';
import { mosaic, type Tile } from '../mosaic.ts';
import type { WeightStats } from '../weight-stats.ts';
import { chart } from './chart.ts';

export interface SampledWeight extends Pick<WeightStats, 'name' | 'flags'> {
  /** Every `stride`th value. */
  readonly sample: Float32Array;
  readonly stride: number;
}

/** Keeps at most `limit` values, evenly spaced. */
export function sampleOf(
  values: Float32Array,
  limit = 20_000,
): Pick<SampledWeight, 'sample' | 'stride'> {
  const stride = Math.max(1, Math.ceil(values.length / limit));
  const length = Math.ceil(values.length / stride);
  return { sample: Float32Array.from({ length }, (_, i) => values[i * stride] ?? 0), stride };
}

/** Layer names → parts, in the order of the network. */
const PARTS: readonly (readonly [RegExp, string])[] = [
  [/^(conv1|bn_conv1)$/, 'stem'],
  [/^(res|bn)2/, 'stage 2'],
  [/^(res|bn)3/, 'stage 3'],
  [/^(res|bn)4/, 'stage 4'],
  [/^(res|bn)5/, 'stage 5'],
  [/^fpn_/, 'pyramid'],
  [/^rpn_/, 'RPN'],
  [/^mrcnn_(class|bbox)/, 'class and box head'],
  [/^mrcnn_mask/, 'mask head'],
  [/./, 'other layers'],
];
const KINDS = ['kernel', 'bias', 'gamma', 'beta', 'moving_mean', 'moving_variance'] as const;

export function plotWeightHistograms(weights: readonly SampledWeight[], title: string): Drawing {
  const grouped = new Map<string, SampledWeight[]>();
  for (const weight of weights) {
    const [layer = '', kind = ''] = weight.name.split('/').slice(-2);
    const part = PARTS.find(([pattern]) => pattern.test(layer))?.[1] ?? '';
    const key = `${part}: ${kind}`;
    grouped.set(key, [...(grouped.get(key) ?? []), weight]);
  }
  const kinds = KINDS.filter((kind) =>
    [...grouped.keys()].some((key) => key.endsWith(`: ${kind}`)),
  );
  const parts = PARTS.map(([, part]) => part).filter((part) =>
    kinds.some((kind) => grouped.has(`${part}: ${kind}`)),
  );
  const tiles = parts.flatMap((part) =>
    kinds.map((kind): Tile => tileOf(`${part}: ${kind}`, grouped.get(`${part}: ${kind}`) ?? [])),
  );
  return mosaic({ tiles, columns: kinds.length, title });
}

const SIZE = { width: 250, height: 130 } as const;
const BINS = 48;
const BAR = '#1668b8';
const ALERT = '#d3261a';

function tileOf(title: string, weights: readonly SampledWeight[]): Tile {
  if (weights.length === 0) return { drawing: { ...SIZE, elements: '' } };
  const flagged = weights.filter(({ flags }) => flags.length > 0).length;
  const drawing = chart({
    ...SIZE,
    fontSize: 11,
    marginLeft: 12,
    marginRight: 12,
    marginTop: 6,
    x: { label: null, ticks: 4 },
    y: { axis: null },
    marks: [
      Plot.rectY(histogram(weights), {
        x1: 'from',
        x2: 'to',
        y: 'count',
        fill: flagged > 0 ? ALERT : BAR,
        inset: 0,
      }),
      Plot.ruleY([0]),
    ],
  });
  const note = flagged > 0 ? `, ${String(flagged)} of ${String(weights.length)} flagged` : '';
  return { drawing, title: title + note, ...(flagged > 0 && { titleColour: ALERT }) };
}

interface Bin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** Equal bins over all finite values; one value alone gets a bin around it. */
function histogram(weights: readonly SampledWeight[]): Bin[] {
  let [min, max] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const { sample } of weights) {
    for (const value of sample) {
      if (!Number.isFinite(value)) continue;
      if (value < min) min = value;
      if (value > max) max = value;
    }
  }
  if (min > max) return [];
  if (min === max) [min, max] = [min - 0.5, max + 0.5];
  const counts = new Array<number>(BINS).fill(0);
  for (const { sample, stride } of weights) {
    for (const value of sample) {
      if (!Number.isFinite(value)) continue;
      const bin = Math.min(BINS - 1, Math.floor((BINS * (value - min)) / (max - min)));
      counts[bin] = (counts[bin] ?? 0) + stride;
    }
  }
  const width = (max - min) / BINS;
  return counts.map((count, bin) => ({
    from: min + bin * width,
    to: min + (bin + 1) * width,
    count,
  }));
}

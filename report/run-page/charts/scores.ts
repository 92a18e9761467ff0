/** Charts of the scores: how the Jaccard index spreads, where it is low, and what the confidence is worth. */
import * as Plot from '@observablehq/plot';
import { JACCARD_THRESHOLD } from '../../../evaluation/isic-scores.ts';
import { axis, plot } from '../figure.ts';
import type { Html } from '../html.ts';
import type { ConfidenceCurve } from '../precision-recall.ts';

/** Divides 0.65, so that no bar lies on both sides of the line. */
const BIN = 0.05;
const BINS = 20;

/** `jaccards` are 0 to 1, one an image. */
export function jaccardHistogram(jaccards: readonly number[]): Html {
  const counts = new Array<number>(BINS).fill(0);
  for (const value of jaccards) {
    // A value on an edge belongs to the bar above it, whatever the division rounds to.
    const bin = Math.min(BINS - 1, Math.floor(value / BIN + 1e-9));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  const bars = counts.map((images, bin) => ({ from: bin * BIN, to: (bin + 1) * BIN, images }));
  const isLow = ({ to }: (typeof bars)[number]) => to < JACCARD_THRESHOLD + BIN / 2;
  const bar = {
    x1: 'from',
    x2: 'to',
    y: 'images',
    insetLeft: 0.75,
    insetRight: 0.75,
    rx: 1.5,
  } as const;
  return plot({
    marginTop: 26,
    x: { ...axis, grid: false, label: 'Jaccard index of an image', domain: [0, 1], ticks: 5 },
    y: { ...axis, label: null, ticks: 4, tickFormat: 'd' },
    marks: [
      Plot.rectY(bars.filter(isLow), { ...bar, fill: 'var(--bar-low)' }),
      Plot.rectY(
        bars.filter((one) => !isLow(one)),
        { ...bar, fill: 'var(--bar)' },
      ),
      Plot.ruleY([0], { stroke: 'var(--soft)' }),
      ...thresholdLine('x'),
    ],
  });
}

export interface ScoredArea {
  /** Share of the image that is lesion, 0 to 1. */
  readonly area: number;
  readonly jaccard: number;
  readonly isMissed: boolean;
}

const AREA_TICKS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1];

/** Of at least one image. */
export function jaccardByArea(images: readonly ScoredArea[]): Html {
  const areas = images.map(({ area }) => area);
  const domain = [0.9 * Math.min(...areas), Math.min(1, 1.1 * Math.max(...areas))] as const;
  const dot = { x: 'area', y: 'jaccard' } as const;
  return plot({
    x: {
      ...axis,
      type: 'log',
      label: 'lesion, share of the image',
      domain,
      ticks: AREA_TICKS.filter((tick) => tick >= domain[0] && tick <= domain[1]),
      tickFormat: (share: number) => `${String(+(100 * share).toPrecision(2))} %`,
    },
    y: { ...axis, label: null, domain: [0, 1], ticks: 5 },
    marks: [
      ...thresholdLine('y'),
      Plot.dot(
        images.filter(({ isMissed }) => !isMissed),
        { ...dot, r: 2.6, fill: 'var(--blue)', fillOpacity: 0.6 },
      ),
      Plot.dot(
        images.filter(({ isMissed }) => isMissed),
        { ...dot, r: 4, symbol: 'times', stroke: 'var(--orange)', strokeWidth: 1.8 },
      ),
    ],
  });
}

const CURVE_COLOURS = ['var(--blue)', 'var(--orange)', 'var(--violet)'];

export function confidenceChart(curves: readonly ConfidenceCurve[]): Html {
  return plot({
    x: { ...axis, label: 'recall: lesions found', domain: [0, 1], ticks: 5 },
    y: { ...axis, label: null, domain: [0, 1.02], ticks: 5 },
    marks: [
      Plot.ruleY([0], { stroke: 'var(--rule)' }),
      ...curves.map(({ points }, index) =>
        Plot.line(points, {
          x: 'recall',
          y: 'precision',
          stroke: CURVE_COLOURS[index] ?? 'var(--ink)',
          strokeWidth: 2,
        }),
      ),
    ],
  });
}

/** Where the challenge stops counting. */
function thresholdLine(along: 'x' | 'y') {
  const options = {
    stroke: 'var(--ink)',
    strokeWidth: 1.5,
    strokeDasharray: '4 3',
    className: 'threshold',
  };
  const text = { text: [String(JACCARD_THRESHOLD)], className: 'mark', fill: 'var(--ink)' };
  return along === 'x'
    ? [
        Plot.ruleX([JACCARD_THRESHOLD], options),
        Plot.text([JACCARD_THRESHOLD], {
          ...text,
          x: (x: number) => x,
          frameAnchor: 'top',
          dy: -14,
        }),
      ]
    : [Plot.ruleY([JACCARD_THRESHOLD], options)];
}

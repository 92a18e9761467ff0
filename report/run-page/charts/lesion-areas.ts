/** How much of an image is lesion, in training and in validation: they should look alike. */
import * as Plot from '@observablehq/plot';
import { axis, plot } from '../figure.ts';
import type { Html } from '../html.ts';

export interface LesionAreas {
  /** Shares of the image, 0 to 1. */
  readonly training: readonly number[];
  readonly validation: readonly number[];
}

const BINS = 20;

export function lesionAreaChart({ training, validation }: LesionAreas): Html {
  return plot({
    x: {
      ...axis,
      grid: false,
      label: 'lesion, share of the image',
      domain: [0, 1],
      ticks: 5,
      tickFormat: '.0%',
    },
    y: { ...axis, label: null, ticks: 4, tickFormat: '.0%' },
    marks: [
      Plot.areaY(outline(training), { x: 'x', y1: 0, y2: 'y', fill: 'var(--area)' }),
      Plot.line(outline(training), { x: 'x', y: 'y', stroke: 'var(--blue)', strokeWidth: 1.8 }),
      Plot.line(outline(validation), { x: 'x', y: 'y', stroke: 'var(--orange)', strokeWidth: 1.8 }),
      Plot.ruleY([0], { stroke: 'var(--soft)' }),
    ],
  });
}

/** The upper edge of a histogram of shares, so that sets of different size compare. */
function outline(values: readonly number[]): { x: number; y: number }[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const value of values) {
    const bin = Math.min(BINS - 1, Math.floor(value * BINS));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts.flatMap((images, bin) => {
    const y = images / Math.max(1, values.length);
    return [
      { x: bin / BINS, y },
      { x: (bin + 1) / BINS, y },
    ];
  });
}

/** Charts beside the losses: the learning rate, and the speed of each epoch. */
import * as Plot from '@observablehq/plot';
import { axis, plot, type ChartSize } from '../figure.ts';
import type { Html } from '../html.ts';
import type { CurvePoint, EpochRecord } from '../training-curves.ts';
import { epochTicks } from './loss.ts';

export function learningRateChart(points: readonly CurvePoint[]): Html {
  const last = Math.max(1, Math.ceil(points.at(-1)?.x ?? 1));
  return plot({
    marginLeft: 52,
    x: { ...axis, label: 'epoch', domain: [0, last], ticks: epochTicks(last), tickFormat: 'd' },
    y: { ...axis, label: null, zero: true, ticks: 4, tickFormat: rate },
    marks: [
      Plot.ruleY([0], { stroke: 'var(--rule)' }),
      Plot.line(points, { x: 'x', y: 'y', stroke: 'var(--violet)', strokeWidth: 2 }),
    ],
  });
}

/** `1e-3`, `2.5e-4` */
export function rate(value: number): string {
  if (value === 0) return '0';
  const [digits = '', exponent = ''] = value.toExponential(1).split('e');
  return `${String(Number(digits))}e${exponent.replace('+', '')}`;
}

export function throughputChart(epochs: readonly EpochRecord[], size: ChartSize = {}): Html {
  const bars = epochs.flatMap(({ epoch, imagesPerSecond }) =>
    imagesPerSecond === undefined ? [] : [{ epoch, imagesPerSecond }],
  );
  const last = bars.at(-1)?.epoch ?? 1;
  return plot({
    ...size,
    x: {
      ...axis,
      grid: false,
      label: 'epoch',
      domain: [0.5, last + 0.5],
      ticks: epochTicks(last).filter((tick) => tick > 0),
      tickFormat: 'd',
    },
    y: { ...axis, label: null, ticks: 4 },
    marks: [
      Plot.rectY(bars, {
        x1: (bar: (typeof bars)[number]) => bar.epoch - 0.4,
        x2: (bar: (typeof bars)[number]) => bar.epoch + 0.4,
        y: 'imagesPerSecond',
        fill: 'var(--bar)',
      }),
      Plot.ruleY([0], { stroke: 'var(--soft)' }),
    ],
  });
}

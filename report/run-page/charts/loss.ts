/**
 * One loss over the epochs: single steps faintly, the mean of each epoch in its middle, and validation after it. With
 * both at its end, training would seem to lag behind validation by half an epoch, as it does in many tools.
 */
import * as Plot from '@observablehq/plot';
import type { EpochResult } from '../../../contracts/progress.ts';
import { quantile } from '../../../datasets/fingerprint/spread.ts';
import { axis, plot, type ChartSize } from '../figure.ts';
import type { Html } from '../html.ts';
import type { CurvePoint, LossName } from '../training-curves.ts';

export interface LossChartOptions extends ChartSize {
  readonly name: LossName;
  readonly epochs: readonly EpochResult[];
  /** Means over neighbouring steps. */
  readonly steps: readonly CurvePoint[];
  /** Of the epoch with the lowest value, 1-based; gets a ring. */
  readonly best?: number | undefined;
}

export const LOSS_LEGEND = [
  ['blue faint', 'training, steps'],
  ['blue dot', 'training, mean of an epoch'],
  ['orange dot', 'validation'],
] as const;

export function lossChart({ name, epochs, steps, best, ...size }: LossChartOptions): Html {
  const training = epochs.map(({ epoch, training: losses }) => ({
    x: epoch - 0.5,
    y: losses[name],
  }));
  const validation = epochs.flatMap(({ epoch, validation: losses }) =>
    losses === null ? [] : [{ x: epoch, y: losses[name] }],
  );
  const means = [...training, ...validation].map(({ y }) => y);
  const rising = steps.map(({ y }) => y).sort((a, b) => a - b);
  // First steps from scratch are many times as high as all others, and would flatten them.
  const most = Math.max(...means, rising.length > 0 ? quantile(rising, 0.97) : 0) * 1.05;
  const least = Math.min(0, ...means, ...rising);
  const last = Math.max(1, ...epochs.map(({ epoch }) => epoch), Math.ceil(steps.at(-1)?.x ?? 1));
  const line = { x: 'x', y: 'y' } as const;
  return plot({
    ...size,
    x: { ...axis, label: 'epoch', domain: [0, last], ticks: epochTicks(last), tickFormat: 'd' },
    y: { ...axis, label: null, domain: [least, most > 0 ? most : 1], ticks: 5 },
    marks: [
      Plot.ruleY([0], { stroke: 'var(--rule)' }),
      Plot.line(steps, { ...line, stroke: 'var(--blue)', strokeOpacity: 0.4, clip: true }),
      Plot.line(training, { ...line, stroke: 'var(--blue)', strokeWidth: 2 }),
      Plot.line(validation, { ...line, stroke: 'var(--orange)', strokeWidth: 2 }),
      Plot.dot(training, { ...line, r: dotSize(last), fill: 'var(--blue)', className: 'training' }),
      Plot.dot(validation, { ...line, r: dotSize(last), fill: 'var(--orange)' }),
      Plot.dot(
        validation.filter(({ x }) => x === best),
        { ...line, r: 7, stroke: 'var(--orange)', strokeWidth: 2 },
      ),
    ],
  });
}

const dotSize = (epochs: number) => (epochs > 30 ? 2.2 : 3.2);

/** Whole epochs, at most eight of them. */
export function epochTicks(last: number): number[] {
  const step = [1, 2, 5, 10, 20, 50, 100].find((size) => last / size <= 8) ?? Math.ceil(last / 8);
  return Array.from({ length: Math.floor(last / step) + 1 }, (_, index) => index * step);
}

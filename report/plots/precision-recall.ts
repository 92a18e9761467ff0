/** The precision-recall curve: `plot_precision_recall` of mrcnn/visualize.py. */
import * as Plot from '@observablehq/plot';
import type { Drawing } from '../drawing.ts';
import { chart } from './chart.ts';

export interface PrecisionRecall {
  /** Average precision, 0 to 1. */
  readonly ap: number;
  /** `[N]`, 0 to 1. */
  readonly precisions: ArrayLike<number>;
  /** `[N]`, 0 to 1, rising. */
  readonly recalls: ArrayLike<number>;
  /** Overlap from which a prediction counts as found, for the title. @default 0.5 */
  readonly iouThreshold?: number;
}

export const CURVE_COLOUR = '#1668b8';

export function plotPrecisionRecall(curve: PrecisionRecall): Drawing {
  const { ap, precisions, recalls, iouThreshold = 0.5 } = curve;
  const points = Array.from(recalls, (recall, index) => ({
    recall,
    precision: precisions[index] ?? 0,
  }));
  const axis = {
    domain: [0, 1.05],
    grid: true,
    labelArrow: false,
    labelAnchor: 'center',
    ticks: 6,
  } as const;
  return chart({
    width: 640,
    height: 560,
    fontSize: 15,
    marginLeft: 64,
    marginBottom: 56,
    title: `Precision-recall curve, AP@${String(Math.round(100 * iouThreshold))} = ${ap.toFixed(3)}`,
    x: { ...axis, label: 'recall' },
    y: { ...axis, label: 'precision' },
    marks: [
      Plot.areaY(points, {
        x: 'recall',
        y1: 0,
        y2: 'precision',
        fill: CURVE_COLOUR,
        fillOpacity: 0.12,
      }),
      Plot.ruleX([0]),
      Plot.ruleY([0]),
      Plot.lineY(points, { x: 'recall', y: 'precision', stroke: CURVE_COLOUR, strokeWidth: 3 }),
    ],
  });
}

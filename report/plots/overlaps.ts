/** How each prediction overlaps each instance of the truth, as a grid: `plot_overlaps` of mrcnn/visualize.py. */
import * as Plot from '@observablehq/plot';
import type { Drawing } from '../drawing.ts';
import { className } from '../instances.ts';
import { chart } from './chart.ts';

export interface OverlapsOptions {
  /** `[truth]`; zeros are padding. */
  readonly gtClassIds: readonly number[];
  /** `[predictions]`; zeros are padding. */
  readonly predClassIds: readonly number[];
  /** `[predictions]`, 0 to 1. */
  readonly predScores: readonly number[];
  /** `[predictions * truth]`, row by row: IoU, 0 to 1. */
  readonly overlaps: ArrayLike<number>;
  /** Background first. */
  readonly classNames: readonly string[];
  /** Overlaps above are marked "match" or, of another class, "wrong". @default 0.5 */
  readonly threshold?: number;
}

const CELL = { width: 110, height: 58 } as const;
/** With more rows, number and verdict share a line. */
const TALL_ROWS = 12;
const LOW_CELL = 26;
const MARGIN = { left: 170, top: 20, bottom: 64, right: 24 } as const;

export function plotOverlaps(options: OverlapsOptions): Drawing {
  const { classNames, predScores, overlaps, threshold = 0.5 } = options;
  const gt = options.gtClassIds.filter((id) => id !== 0);
  const predictions = options.predClassIds.filter((id) => id !== 0);
  const cells = predictions.flatMap((predicted, row) =>
    gt.map((actual, column) => {
      const overlap = overlaps[row * gt.length + column] ?? 0;
      const verdict = overlap <= threshold ? '' : actual === predicted ? 'match' : 'wrong';
      return { row, column, overlap, verdict };
    }),
  );
  const ink = ({ overlap }: { overlap: number }) =>
    overlap > 0.5 ? '#ffffff' : overlap > 0 ? '#1b2126' : '#8b9298';
  const isTall = predictions.length <= TALL_ROWS;
  const cellHeight = isTall ? CELL.height : LOW_CELL;
  const nameOf = (id: number | undefined) => className(classNames, id ?? 0);
  return chart({
    width: Math.max(420, MARGIN.left + MARGIN.right + CELL.width * gt.length),
    height: MARGIN.top + MARGIN.bottom + cellHeight * Math.max(1, predictions.length),
    marginLeft: MARGIN.left,
    marginRight: MARGIN.right,
    marginTop: MARGIN.top,
    marginBottom: MARGIN.bottom,
    title: 'Overlap (IoU) of predictions and truth',
    color: { type: 'linear', scheme: 'blues', domain: [0, 1] },
    x: {
      type: 'band',
      domain: gt.map((_, index) => index),
      label: 'truth',
      labelArrow: false,
      labelOffset: 46,
      tickFormat: (index: number) => nameOf(gt[index]),
    },
    y: {
      type: 'band',
      domain: predictions.map((_, index) => index),
      label: null,
      tickFormat: (index: number) =>
        `${nameOf(predictions[index])} (${(predScores[index] ?? 0).toFixed(2)})`,
    },
    marks: [
      Plot.cell(cells, { x: 'column', y: 'row', fill: 'overlap', inset: 0.5 }),
      Plot.text(cells, {
        x: 'column',
        y: 'row',
        text: ({ overlap, verdict }: (typeof cells)[number]) =>
          isTall ? overlap.toFixed(3) : `${overlap.toFixed(3)} ${verdict}`.trim(),
        fill: ink,
        dy: isTall ? -9 : 0,
      }),
      ...(isTall
        ? [Plot.text(cells, { x: 'column', y: 'row', text: 'verdict', fill: ink, dy: 10 })]
        : []),
    ],
  });
}

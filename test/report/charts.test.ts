/** Curves, grids and histograms, by what they draw and write; and the numbers behind them. */
import { describe, expect, test } from '@jest/globals';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { letter } from '../../report/lettering.ts';
import { instanceAtSize, renderMaskSummary, summariseMasks } from '../../report/mask-summary.ts';
import { plotMaskPlacement } from '../../report/plots/mask-placement.ts';
import { plotOverlaps } from '../../report/plots/overlaps.ts';
import { CURVE_COLOUR, plotPrecisionRecall } from '../../report/plots/precision-recall.ts';
import { plotWeightHistograms, sampleOf } from '../../report/plots/weight-histograms.ts';
import { renderWeightStats, weightStats } from '../../report/weight-stats.ts';
import { elementsOf, pixelsOf, textsOf } from './pixels.ts';
import type { Box } from '../../maskrcnn/shapes.ts';
import { measured } from '../datasets/fingerprint/invented-pairs.ts';
import { SIDE } from './shapes.ts';

test('letters stand whole wherever a number of theirs rounds to -0', () => {
  for (let x = 0; x < 4; x += 0.037) {
    const { path, width } = letter('hair match precision', { x, baseline: x / 100, size: 13 });
    const commands = [...path.matchAll(/([A-Z])([^A-Z]*)/g)];
    for (const [, type = '', numbers = ''] of commands) {
      expect(numbers.match(/-?\d+(\.\d+)?/g) ?? []).toHaveLength({ Q: 4, C: 6, Z: 0 }[type] ?? 2);
    }
    const lefts = [...path.matchAll(/[ML](-?[\d.]+) /g)].map(([, value]) => Number(value));
    expect(Math.max(...lefts)).toBeGreaterThan(x + 0.95 * width);
  }
});

describe('precision and recall', () => {
  const curve = { ap: 0.7341, precisions: [1, 1, 0.5, 0], recalls: [0, 0.5, 1, 1] };

  test('the curve runs through its points', async () => {
    const drawing = plotPrecisionRecall(curve);
    const [, path = ''] = /aria-label="line"><path d="([^"]*)"/.exec(drawing.elements) ?? [];
    const points = path
      .slice(1)
      .split('L')
      .map((point) => point.split(',').map(Number));
    const [
      [left = 0, top = 0] = [],
      [, same = 0] = [],
      [right = 0, half = 0] = [],
      [, bottom = 0] = [],
    ] = points;
    expect(same).toBe(top);
    expect((half - top) / (bottom - top)).toBeCloseTo(0.5, 6);
    expect((points[1]?.[0] ?? 0) - left).toBeCloseTo((right - left) / 2, 6);
    const { at } = await pixelsOf(drawing);
    const strip = drawing.height - 560;
    expect(at(strip + top, (left + (points[1]?.[0] ?? 0)) / 2)).toBeNearColour(CURVE_COLOUR);
  });

  test('it says its average precision, its axes, and the overlap', () => {
    const texts = textsOf(plotPrecisionRecall({ ...curve, iouThreshold: 0.75 }));
    expect(texts).toEqual(
      expect.arrayContaining([
        'Precision-recall curve, AP@75 = 0.734',
        'recall',
        'precision',
        '0.6',
      ]),
    );
    expect(plotPrecisionRecall(curve).elements).not.toContain('<text');
  });
});

test('overlaps say how large they are, and whether a match is of the right class', () => {
  const texts = textsOf(
    plotOverlaps({
      gtClassIds: [1, 2, 0],
      predClassIds: [1, 1],
      predScores: [0.9, 0.8],
      overlaps: [0.75, 0, 0.1, 0.6],
      classNames: ['background', 'lesion', 'hair'],
    }),
  );
  const cells = ['0.750', '0.000', '0.100', '0.600', 'match', 'wrong'];
  const axes = ['lesion (0.90)', 'lesion (0.80)', 'lesion', 'hair', 'truth'];
  expect(texts).toEqual(expect.arrayContaining([...cells, ...axes]));
  expect(texts.filter((text) => /^(match|wrong)$/.test(text))).toHaveLength(2);
});

describe('weights', () => {
  const stats = (name: string, values: readonly number[]) =>
    weightStats({ name, shape: [values.length], values: Float32Array.from(values) });

  test('numbers are those of numpy', () => {
    const { min, max, mean, std } = stats('conv1/kernel', [1, 2, 3, 6]);
    expect([min, max, mean]).toEqual([1, 6, 3]);
    expect(std).toBeCloseTo(Math.sqrt(3.5), 12);
  });

  test('dead, exploding and not finite ones are flagged, a bias may be constant', () => {
    expect(stats('conv1/kernel', [0.5, 0.5]).flags).toEqual(['dead?']);
    expect(stats('mrcnn_bbox_fc/bias', [0, 0]).flags).toEqual([]);
    expect(stats('conv1/kernel', [0, -1000.5]).flags).toEqual(['overflow?']);
    expect(stats('conv1/kernel', [0, 1000]).flags).toEqual([]);
    expect(stats('conv1/kernel', [0, Number.NaN, 1]).flags).toEqual(['not finite']);
    expect(stats('conv1/bias', [0, Number.POSITIVE_INFINITY]).flags).toEqual([
      'overflow?',
      'not finite',
    ]);
  });

  test('the table has a line a weight, and red flags where colours are on', () => {
    const all = [stats('conv1/kernel', [1, 2]), stats('conv1/gamma', [1, 1])];
    const [head, healthy, dead] = renderWeightStats(all);
    expect(head?.split(/ +/)).toEqual(['weight', 'shape', 'min', 'max', 'mean', 'std']);
    expect(healthy).toMatch(/^conv1\/kernel +\(2\) +\+1\.0000 +\+2\.0000 +\+1\.5000 +\+0\.5000$/);
    expect(dead).toMatch(/\*\*\* dead\?$/);
    expect(renderWeightStats(all, { colour: true })[2]).toContain('\u001b[31m*** dead?');
  });

  test('histograms are grouped by part and kind; a part with a flag says so', () => {
    const weight = (name: string, values: readonly number[]) => ({
      ...stats(name, values),
      ...sampleOf(Float32Array.from(values)),
    });
    const drawing = plotWeightHistograms(
      [
        weight('res2a_branch2a/kernel', [1, 2, 3, 4]),
        weight('res2b_branch2a/kernel', [1, 2]),
        weight('rpn_model/rpn_conv_shared/bias', [0, 1]),
        weight('bn_conv1/gamma', [1, 1]),
      ],
      'Weights of a test',
    );
    const titles = textsOf(drawing).filter((text) => text.includes(': '));
    expect(titles).toEqual(['stem: gamma, 1 of 1 flagged', 'stage 2: kernel', 'RPN: bias']);
    expect(elementsOf(drawing, 'tile').length).toBeGreaterThanOrEqual(3);
  });

  test('a sample stands for all values', () => {
    const { sample, stride } = sampleOf(
      Float32Array.from({ length: 100_001 }, (_, i) => i),
      1000,
    );
    expect(sample.length).toBeLessThanOrEqual(1000);
    expect(sample.length * stride).toBeGreaterThanOrEqual(100_001);
    expect([sample[0], sample[1]]).toEqual([0, stride]);
  });
});

describe('masks of a data set', () => {
  const config = maskRcnnConfigSchema.parse({
    imageMinDim: SIDE,
    imageMaxDim: SIDE,
    rpnAnchorScales: [16, 32, 64, 96, 128],
  });
  /** Of a picture twice as wide as high: above and below it are 64 rows of padding. */
  const pair = (box: Box, bordersTouched = 0) =>
    measured({ id: 'a', height: 128, width: 256, box, bordersTouched, area: 0.125 });

  test('sizes are in pixels, places and areas in shares of the image without its padding', () => {
    expect(instanceAtSize(pair([32, 96, 96, 160]), config)).toEqual({
      area: 0.125,
      height: 64,
      width: 64,
      centreY: 0.5,
      centreX: 0.5,
      touchesBorder: false,
      bestAnchor: 1,
    });
  });

  test('the summary counts what touches the border and what no anchor fits', () => {
    const measures = [pair([0, 10, 36, 60], 1), pair([36, 4, 40, 250])].map((one) =>
      instanceAtSize(one, config),
    );
    const summary = summariseMasks(measures);
    expect([summary.instances, summary.touchingBorder, summary.poorlyAnchored]).toEqual([
      2, 0.5, 0.5,
    ]);
    expect([summary.height.least, summary.height.median, summary.height.most]).toEqual([4, 20, 36]);
    expect(renderMaskSummary(summary).at(-1)).toContain(
      '50.0 % touch the border; 50.0 % have no anchor',
    );
    const drawing = plotMaskPlacement({ instances: measures, config });
    expect(textsOf(drawing)).toEqual(
      expect.arrayContaining(['2 instances at training size', 'box width, pixels']),
    );
  });
});

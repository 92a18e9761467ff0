/** The best anchor against all of them, and proposed shapes against the ones that they begin with. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { anchorFit, bestAnchor, boxAtSize } from '../../../datasets/fingerprint/anchor-fit.ts';
import { proposeAnchors } from '../../../datasets/fingerprint/propose-anchors.ts';
import { pixelAnchors } from '../../../maskrcnn/boxes/anchors.ts';
import { boxOverlaps } from '../../../maskrcnn/boxes/overlaps.ts';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import type { Box } from '../../../maskrcnn/shapes.ts';
import { measured } from './invented-pairs.ts';

const configOf = (side: number, stride = 1) =>
  maskRcnnConfigSchema.parse({
    imageMinDim: side,
    imageMaxDim: side,
    rpnAnchorScales: [1, 2, 4, 8, 16].map((factor) => (factor * side) / 16),
    rpnAnchorStride: stride,
  });

test('the best anchor is the best of all', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(64, 128, 192),
      fc.constantFrom(1, 2),
      fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 4, maxLength: 4 }),
      (side, stride, [a = 0, b = 0, c = 0, d = 0]) => {
        const config = configOf(side, stride);
        const top = a * (side - 2);
        const left = b * (side - 2);
        const box: Box = [
          top,
          left,
          top + 1 + c * (side - top - 1),
          left + 1 + d * (side - left - 1),
        ];
        const overlaps = boxOverlaps(pixelAnchors(config, [side, side]), Float64Array.from(box));
        expect(bestAnchor(box, config)).toBeCloseTo(Math.max(...overlaps), 9);
      },
    ),
    { numRuns: 150 },
  );
});

test('a box lies in the training square where the record of its picture has it', () => {
  const pair = measured({ id: 'a', height: 480, width: 640, box: [0, 160, 480, 320] });
  // 128 × 96, with 16 rows of padding above.
  expect(boxAtSize(pair, configOf(128))).toEqual([16, 32, 112, 64]);
});

describe('proposed anchors', () => {
  /** Sets of several kinds: shares of the square's side for height and width. */
  const kinds: readonly (readonly [
    string,
    (uniform: () => number) => readonly [number, number],
  ])[] = [
    ['as ISIC', (uniform) => [0.1 + 0.9 * uniform() ** 2, 0.1 + 0.9 * uniform() ** 2]],
    ['tiny', (uniform) => [0.03 + 0.07 * uniform(), 0.03 + 0.07 * uniform()]],
    ['huge', (uniform) => [0.8 + 0.2 * uniform(), 0.8 + 0.2 * uniform()]],
    ['flat and long', (uniform) => [0.1 + 0.1 * uniform(), 0.5 + 0.4 * uniform()]],
    ['all alike', () => [0.31, 0.27]],
    ['anything', (uniform) => [0.02 + 0.98 * uniform(), 0.02 + 0.98 * uniform()]],
  ];

  test.each(kinds)('%s: find no fewer boxes than the ones they begin with', (name, shape) => {
    for (const side of [128, 320]) {
      const random = randomStream(5, name, side);
      const boxes = Array.from({ length: 40 }, (): Box => {
        const [height, width] = shape(() => random.uniform()).map((share) => share * side) as [
          number,
          number,
        ];
        const [y, x] = [random.uniform() * (side - height), random.uniform() * (side - width)];
        return [y, x, y + height, x + width];
      });
      const start = configOf(side);
      const before = anchorFit(boxes, start);
      const { scales, ratios, fit } = proposeAnchors(boxes, start);
      const after = anchorFit(boxes, {
        ...start,
        rpnAnchorScales: scales,
        rpnAnchorRatios: ratios,
      });
      expect(fit).toEqual(after);
      expect(after.recall50).toBeGreaterThanOrEqual(before.recall50);
      expect(after.recall70).toBeGreaterThanOrEqual(before.recall70);
      expect(after.meanIou + after.recall50 + 0.5 * after.recall70).toBeGreaterThanOrEqual(
        before.meanIou + before.recall50 + 0.5 * before.recall70,
      );
      expect(scales).toEqual(scales.toSorted((a, b) => a - b));
      expect(
        maskRcnnConfigSchema.safeParse({
          ...start,
          rpnAnchorScales: scales,
          rpnAnchorRatios: ratios,
        }).error,
      ).toBeUndefined();
    }
  });

  test('flat boxes get flat anchors, and many more of them are found', () => {
    const boxes = Array.from({ length: 40 }, (_, i): Box => [60, 10 + (i % 7), 76, 106 + (i % 7)]);
    const start = configOf(128);
    const { ratios, fit } = proposeAnchors(boxes, start);
    expect(Math.max(...ratios)).toBeGreaterThan(2);
    expect(fit.recall50).toBeGreaterThan(anchorFit(boxes, start).recall50 + 0.3);
  });
});

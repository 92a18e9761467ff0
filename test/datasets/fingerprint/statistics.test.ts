/** Parts of masks, averages of areas and of colours, against the slow and obvious way. */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { areaAverage } from '../../../datasets/fingerprint/area-average.ts';
import { colourStats, pooled } from '../../../datasets/fingerprint/colour-stats.ts';
import { partAreas } from '../../../datasets/fingerprint/mask-parts.ts';
import { spreadOf } from '../../../datasets/fingerprint/spread.ts';

const masks = fc
  .record({ height: fc.integer({ min: 1, max: 14 }), width: fc.integer({ min: 1, max: 14 }) })
  .chain(({ height, width }) =>
    fc.record({
      height: fc.constant(height),
      width: fc.constant(width),
      mask: fc.uint8Array({ min: 0, max: 1, minLength: height * width, maxLength: height * width }),
    }),
  );

function flooded(mask: Uint8Array, [height, width]: readonly [number, number]): number[] {
  const left = Uint8Array.from(mask);
  const areas: number[] = [];
  for (let start = left.indexOf(1); start >= 0; start = left.indexOf(1)) {
    const open = [start];
    left[start] = 0;
    let area = 0;
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      area++;
      const [y, x] = [Math.floor(at / width), at % width];
      for (const [dy, dx] of [-1, 0, 1].flatMap((a) => [-1, 0, 1].map((b) => [a, b] as const))) {
        const isInside = y + dy >= 0 && y + dy < height && x + dx >= 0 && x + dx < width;
        const next = at + dy * width + dx;
        if (isInside && left[next] === 1) {
          left[next] = 0;
          open.push(next);
        }
      }
    }
    areas.push(area);
  }
  return areas.sort((a, b) => b - a);
}

test('the parts of any mask are those of a flood', () => {
  fc.assert(
    fc.property(masks, ({ mask, height, width }) => {
      expect(partAreas(mask, [height, width])).toEqual(flooded(mask, [height, width]));
    }),
    { numRuns: 400 },
  );
});

test('a U is one part, though its arms meet only at the end', () => {
  const mask = Uint8Array.from([1, 0, 1, 1, 0, 1, 1, 1, 1]);
  expect(partAreas(mask, [3, 3])).toEqual([7]);
});

test('area averages keep the mean, and are plain means where the sizes divide', () => {
  fc.assert(
    fc.property(
      masks,
      fc.integer({ min: 1, max: 9 }),
      fc.integer({ min: 1, max: 9 }),
      ({ mask, height, width }, a, b) => {
        const pixels = mask.map((value) => 200 * value);
        const mean = (values: Uint8Array) =>
          values.reduce((sum, value) => sum + value, 0) / values.length;
        const small = areaAverage(pixels, { from: [height, width], to: [a, b] });
        expect(Math.abs(mean(small) - mean(pixels))).toBeLessThanOrEqual(0.5);
      },
    ),
  );
  const pixels = Uint8Array.from([0, 10, 20, 30, 40, 50, 60, 70]);
  expect([...areaAverage(pixels, { from: [2, 4], to: [1, 2] })]).toEqual([25, 45]);
});

test('colours of the parts, pooled by their size, are those of the whole', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ minLength: 60, maxLength: 60 }),
      fc.uint8Array({ min: 0, max: 1, minLength: 20, maxLength: 20 }),
      (pixels, labels) => {
        const parts = [0, 1].flatMap((label) => {
          const stats = colourStats(pixels, { labels, label });
          return stats === undefined
            ? []
            : [{ stats, count: labels.filter((value) => value === label).length }];
        });
        const whole = colourStats(pixels, { labels: new Uint8Array(20), label: 0 });
        const together = pooled(
          parts.map(({ stats }) => stats),
          (index) => parts[index]?.count ?? 0,
        );
        for (const channel of [0, 1, 2] as const) {
          expect(together.mean[channel]).toBeCloseTo(whole?.mean[channel] ?? -1, 8);
          expect(together.deviation[channel]).toBeCloseTo(whole?.deviation[channel] ?? -1, 5);
        }
      },
    ),
  );
  expect(colourStats(new Uint8Array(3), { labels: new Uint8Array(1), label: 1 })).toBeUndefined();
});

test('a spread is in order and within its values', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1 }),
      (values) => {
        const { least, quarter, median, threeQuarters, most } = spreadOf(values);
        const inOrder = [least, quarter, median, threeQuarters, most];
        expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
        expect([least, most]).toEqual([Math.min(...values), Math.max(...values)]);
      },
    ),
  );
});

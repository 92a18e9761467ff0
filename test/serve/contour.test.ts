/** Outlines for drawing: few points that stay at the mask's edge. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { polygonRuns } from '../../evaluation/coco/polygon.ts';
import { maskToRuns, runsArea, runsIntersection } from '../../evaluation/coco/rle.ts';
import { contourOf } from '../../serve/inference/contour.ts';
import { simplifyRing } from '../../serve/inference/simplify-ring.ts';

type Point = readonly [number, number];

/** `[height * width]` with an ellipse in it. */
function ellipse(height: number, width: number): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, at) => {
    const y = (Math.floor(at / width) + 0.5) / height - 0.5;
    const x = ((at % width) + 0.5) / width - 0.5;
    return Number((y / 0.4) ** 2 + (x / 0.3) ** 2 < 1);
  });
}

describe('the contour of a mask', () => {
  test.each([
    [90, 120],
    [1500, 2100],
  ])('of %d x %d pixels encloses the mask, with few points', (height, width) => {
    const mask = ellipse(height, width);
    const [rings = [], ...others] = contourOf(mask, [height, width]);
    expect([rings.length, others]).toEqual([1, []]);
    const outline = (rings[0] ?? []).flat();
    expect(outline.length / 2).toBeLessThan(150);
    const [drawn, runs] = [
      polygonRuns(outline, [height, width]),
      maskToRuns(mask, [height, width]),
    ];
    const shared = runsIntersection(drawn, runs);
    expect(shared / (runsArea(drawn) + runsArea(runs) - shared)).toBeGreaterThan(0.97);
  });

  test('has a ring for a hole and for each part, and none without a mask', () => {
    const mask = new Uint8Array(40 * 40);
    const fill = (from: number, to: number, value: number) => {
      for (let y = from; y < to; y++) mask.fill(value, y * 40 + from, y * 40 + to);
    };
    fill(2, 20, 1);
    fill(8, 14, 0);
    fill(30, 36, 1);
    expect(
      contourOf(mask, [40, 40])
        .map((rings) => rings.length)
        .sort(),
    ).toEqual([1, 2]);
    expect(contourOf(new Uint8Array(1600), [40, 40])).toEqual([]);
  });
});

describe('a simplified ring', () => {
  const point = fc.tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 60 }));
  const ring = fc
    .array(point, { minLength: 3, maxLength: 60 })
    .map((points): Point[] => [...points, points[0] ?? [0, 0]]);

  test('stays a ring of some of its points, and no point is farther from it than allowed', () => {
    fc.assert(
      fc.property(ring, fc.double({ min: 0.1, max: 8, noNaN: true }), (points, tolerance) => {
        const simple = simplifyRing(points, tolerance);
        expect(simple.at(-1)).toEqual(simple[0]);
        expect(simple.length).toBeGreaterThanOrEqual(4);
        for (const kept of simple) expect(points).toContainEqual(kept);
        for (const given of points) {
          expect(distanceToRing(given, simple)).toBeLessThanOrEqual(tolerance + 1e-9);
        }
      }),
    );
  });
});

function distanceToRing([x, y]: Point, ring: readonly Point[]): number {
  const distances = ring.slice(1).map((to, index) => {
    const from = ring[index] ?? to;
    const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    const length = dx * dx + dy * dy;
    const along = length === 0 ? 0 : ((x - from[0]) * dx + (y - from[1]) * dy) / length;
    const at = Math.min(1, Math.max(0, along));
    return Math.hypot(x - from[0] - at * dx, y - from[1] - at * dy);
  });
  return Math.min(...distances);
}

import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  ellipseMask,
  polygonMask,
  rectangleMask,
  type Point,
} from '../../../maskrcnn/data/outline-masks.ts';
import type { Size } from '../../../maskrcnn/shapes.ts';
import { unpackBits } from '../library/golden.ts';

interface Golden {
  readonly size: Size;
  readonly polygons: readonly { readonly corners: readonly Point[]; readonly mask: string }[];
  readonly ellipses: readonly {
    readonly centre: Point;
    readonly radii: Point;
    readonly rotation: number;
    readonly mask: string;
  }[];
  readonly rectangles: readonly {
    readonly start: Point;
    readonly extent: Size;
    readonly mask: string;
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('goldens/outlines.json', import.meta.url), 'utf8'),
) as Golden;
const { size } = golden;

/** Drawn with characters, so that a failure can be looked at. */
const picture = (mask: Uint8Array) =>
  Array.from({ length: size[0] }, (_, y) =>
    Array.from(mask.subarray(y * size[1], (y + 1) * size[1]), (value) => '.#'[value]).join(''),
  ).join('\n');
const expected = (hex: string) => picture(unpackBits(Buffer.from(hex, 'hex'), size[0] * size[1]));

describe('outlines as scikit-image draws them', () => {
  it.each(golden.polygons)('polygon %#', ({ corners, mask }) => {
    expect(picture(polygonMask(corners, size))).toBe(expected(mask));
  });

  it.each(golden.ellipses)('ellipse %#', ({ mask, ...ellipse }) => {
    expect(picture(ellipseMask(ellipse, size))).toBe(expected(mask));
  });

  it.each(golden.rectangles)('rectangle %#', ({ mask, ...rectangle }) => {
    expect(picture(rectangleMask(rectangle, size))).toBe(expected(mask));
  });

  it('an outline without corners is empty', () => {
    expect(polygonMask([], size)).toEqual(new Uint8Array(size[0] * size[1]));
  });
});

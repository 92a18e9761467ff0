import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MaskRcnnError } from '../../../maskrcnn/errors.ts';
import { resizeBilinear } from '../../../maskrcnn/image/bilinear.ts';
import {
  composeImageMeta,
  moldImage,
  parseImageMeta,
  unmoldImage,
} from '../../../maskrcnn/image/mold.ts';
import { resizeImage, type ResizeMode } from '../../../maskrcnn/image/resize-image.ts';
import { resizeMask } from '../../../maskrcnn/image/resize-mask.ts';
import { randomStream, type RandomStream } from '../../../maskrcnn/random.ts';
import type { Size } from '../../../maskrcnn/shapes.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared } from '../../support/shared.ts';
import {
  differingPixels,
  largestDifference,
  maskOf,
  openTensors,
  readGolden,
  sum,
  unpackBits,
} from './golden.ts';

interface ResizeCase {
  mode: ResizeMode;
  in_shape: [number, number];
  min_dim: number | null;
  max_dim: number | null;
  min_scale: number | null;
  out_shape: number[];
  window: number[];
  scale: number;
  padding: number[][];
  crop: number[] | null;
  mask_areas: [number, number];
}

interface ImageGolden {
  resize_image: { cases: ResizeCase[] };
  resize_raw: { in: [number, number]; out: [number, number] }[];
  image_meta: { composed: number[] };
  mold_image: { image: number[][][]; mean: [number, number, number]; out: number[][][] };
}

/** A stream that hands out the places of a crop that the reference's own generator chose. */
function dictated(...values: number[]): RandomStream {
  return { ...randomStream(0), below: () => values.shift() ?? 0 };
}

describeWithShared('images against the reference', 'parity/utils.json', () => {
  const golden = readGolden('utils') as ImageGolden;
  const tensor = openTensors('utils');
  const cases = golden.resize_image.cases.map((expected, index) => ({ ...expected, index }));

  it.each(cases)('resize_image and resize_mask $index: $mode of $in_shape', (expected) => {
    const [height, width] = expected.in_shape;
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) => {
      const [y, x, c] = [Math.floor(i / (3 * width)), Math.floor(i / 3) % width, i % 3];
      return (7 * y + 13 * x + 29 * c + 5 * ((x * y) % 31)) % 256;
    });
    const resized = resizeImage(
      { pixels, height, width },
      {
        mode: expected.mode,
        minDim: expected.min_dim ?? 0,
        maxDim: expected.max_dim ?? 0,
        minScale: expected.min_scale ?? 0,
        ...(expected.crop === null ? {} : { random: dictated(...expected.crop) }),
      },
    );
    expect([resized.height, resized.width, 3]).toEqual(expected.out_shape);
    const geometry = [
      ...resized.window,
      resized.scale,
      ...(resized.crop ?? []),
      ...resized.padding.flat(),
    ];
    const truth = [
      expected.window,
      expected.scale,
      expected.crop ?? [],
      expected.padding.slice(0, 2),
    ];
    expectDeviation({
      part: 'utilities',
      quantity: 'resize_image: window, scale, crop and padding',
      deviation: largestDifference(geometry, truth.flat(2)),
      tolerance: 0,
    });

    const image = tensor(`resize_${String(expected.index)}_image`);
    expect(largestDifference(resized.pixels, image)).toBeLessThanOrEqual(1);
    const differing = resized.pixels.filter((value, i) => value !== image[i]).length;
    expectDeviation({
      part: 'utilities',
      quantity: 'resize_image: grey levels that are one off',
      deviation: differing / image.length,
      tolerance: 0.01,
      unit: 'share of pixels',
    });

    const masks = [
      maskOf(
        [height, width],
        (y, x) =>
          ((y - 0.45 * height) / (0.3 * height)) ** 2 + ((x - 0.5 * width) / (0.35 * width)) ** 2 <
          1,
      ),
      maskOf([height, width], (y, x) => y > 0.6 * height && x > 0.55 * width && (x + y) % 17 > 3),
    ];
    const pixelCount = resized.height * resized.width;
    const packed = tensor(`resize_${String(expected.index)}_mask_packed`);
    masks.forEach((mask, i) => {
      const result = resizeMask(mask, [height, width], resized);
      const truth = unpackBits(packed.subarray((i * packed.length) / 2), pixelCount);
      expect(sum(result)).toBe(expected.mask_areas[i]);
      expectDeviation({
        part: 'utilities',
        quantity: 'resize_mask',
        deviation: differingPixels(result, truth),
        tolerance: 0,
        unit: 'pixels',
      });
    });
  });

  it.each(golden.resize_raw.map((expected, index) => ({ ...expected, index })))(
    'bilinear $in to $out',
    ({ in: from, out: to, index }) => {
      const source = tensor(`resize_raw_${String(index)}_in`);
      const expected = tensor(`resize_raw_${String(index)}_out`);
      expectDeviation({
        part: 'utilities',
        quantity: 'resize of scikit-image',
        deviation: largestDifference(resizeBilinear({ source, from, to }), expected),
        tolerance: 1e-5,
      });
    },
  );

  it('molds and composes meta data', () => {
    const { image, mean, out } = golden.mold_image;
    const pixels = Uint8Array.from(image.flat(2));
    const molded = moldImage(pixels, { meanPixel: mean });
    expectDeviation({
      part: 'utilities',
      quantity: 'mold_image, in float32',
      deviation: largestDifference(molded, Float32Array.from(out.flat(2))),
      tolerance: 0,
    });
    expect([...unmoldImage(molded, { meanPixel: mean })]).toEqual([...pixels]);

    const meta = {
      imageId: 7,
      originalSize: [600, 450],
      size: [512, 512],
      window: [0, 64, 512, 448],
      scale: 0.8533333,
      activeClassIds: [1, 0, 1, 1],
    } as const;
    expectDeviation({
      part: 'utilities',
      quantity: 'compose_image_meta',
      deviation: largestDifference(composeImageMeta(meta), golden.image_meta.composed),
      tolerance: 0,
    });
    expect(parseImageMeta(composeImageMeta(meta))).toEqual(meta);
  });
});

describe('properties of resizing', () => {
  const size = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 20 }));

  it('stays between the smallest and the largest value, and keeps a constant image', () => {
    fc.assert(
      fc.property(size, size, fc.integer(), (from: Size, to: Size, seed) => {
        const random = randomStream(seed);
        const source = Float64Array.from({ length: from[0] * from[1] }, () => random.uniform());
        const resized = resizeBilinear({ source, from, to });
        expect(Math.min(...resized)).toBeGreaterThanOrEqual(Math.min(...source));
        expect(Math.max(...resized)).toBeLessThanOrEqual(Math.max(...source));
        const constant = resizeBilinear({ source: source.fill(0.7), from, to });
        expect(new Set(constant)).toEqual(new Set([0.7]));
      }),
    );
  });

  it('says what a mode lacks', () => {
    const image = { pixels: new Uint8Array(12), height: 2, width: 2 };
    expect(() => resizeImage(image, { mode: 'square' })).toThrow(/needs maxDim/);
    expect(() => resizeImage(image, { mode: 'pad64', minDim: 65 })).toThrow(/multiple of 64.*65/);
    expect(() => resizeImage(image, { mode: 'crop', minDim: 2 })).toThrow(MaskRcnnError);
  });
});

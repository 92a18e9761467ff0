import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { applyOperations, augment } from '../../augmentation/augment.ts';
import type { DrawnOperation } from '../../augmentation/draw.ts';
import { elasticDisplacement, largestDisplacement } from '../../augmentation/elastic.ts';
import { augmentationSchema } from '../../augmentation/schema.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import { anyMove, anyPicture, colouredOutside, disk, furthestApart, picture } from './pictures.ts';

const fliplr: DrawnOperation = { op: 'fliplr' };
const flipud: DrawnOperation = { op: 'flipud' };
const turn = (k: number): DrawnOperation => ({ op: 'rot90', k });
const affine = (options: Partial<Extract<DrawnOperation, { op: 'affine' }>>): DrawnOperation => ({
  op: 'affine',
  scale: 1,
  shear: 0,
  rotate: 0,
  translate: [0, 0],
  ...options,
});

/** White where the mask is 1. */
function painted(image: AnnotatedImage): AnnotatedImage {
  const mask = image.instances[0]?.mask ?? new Uint8Array();
  const pixels = Uint8Array.from(
    { length: 3 * mask.length },
    (_, i) => 255 * (mask[Math.floor(i / 3)] ?? 0),
  );
  return { ...image, pixels };
}

describe('whatever moves', () => {
  test('moves image and mask alike: an image painted with its mask shows it afterwards', () => {
    fc.assert(
      fc.property(anyPicture, fc.array(anyMove, { minLength: 1, maxLength: 5 }), (image, moves) => {
        const { pixels, instances } = applyOperations(painted(image), moves);
        const mask = instances[0]?.mask ?? new Uint8Array();
        expect(mask.every((value) => value <= 1)).toBe(true);
        // The nearest of the four pixels that are mixed, which is the mask's, counts for a quarter at least.
        const astray = mask.filter((value, i) => {
          const white = (pixels[3 * i] as number) / 255;
          return value === 1 ? white < 0.245 : white > 0.755;
        });
        expect(astray).toHaveLength(0);
      }),
      { numRuns: 300 },
    );
  });

  test('keeps the size, names and classes, and the image given as it was', () => {
    fc.assert(
      fc.property(anyPicture, fc.array(anyMove, { minLength: 1, maxLength: 4 }), (image, moves) => {
        const before = structuredClone(image);
        const moved = applyOperations(image, moves);
        expect(image).toEqual(before);
        expect(moved.pixels).toHaveLength(image.pixels.length);
        expect(moved.instances.map(({ classId, mask }) => [classId, mask.length])).toEqual(
          image.instances.map(({ classId, mask }) => [classId, mask.length]),
        );
        const { id, height, width, originalSize, scale } = image;
        expect(moved).toMatchObject({ id, height, width, originalSize, scale });
      }),
    );
  });

  test('leaves a window within the canvas, and black outside of it', () => {
    fc.assert(
      fc.property(anyPicture, fc.array(anyMove, { minLength: 1, maxLength: 4 }), (image, moves) => {
        const moved = applyOperations(image, moves);
        const { window, height, width } = moved;
        const [y1, x1, y2, x2] = window;
        expect(0 <= y1 && y1 <= y2 && y2 <= height && 0 <= x1 && x1 <= x2 && x2 <= width).toBe(
          true,
        );
        expect(colouredOutside(moved)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('is the same again for the same stream', () => {
    const spec = augmentationSchema.parse([
      { op: 'elastic' },
      { op: 'affine', rotate: [-90, 90] },
      { op: 'gaussianNoise' },
    ]);
    fc.assert(
      fc.property(anyPicture, fc.nat(), (image, seed) => {
        expect(augment(image, spec, randomStream(seed))).toEqual(
          augment(image, spec, randomStream(seed)),
        );
      }),
    );
  });

  test('is nothing when nothing is drawn or nothing would move: the image itself comes back', () => {
    const image = picture({ height: 8, width: 8 });
    const never = augmentationSchema.parse({ op: 'fliplr', p: 0 });
    expect(augment(image, never, randomStream(1))).toBe(image);
    expect(applyOperations(image, [affine({}), turn(0)])).toBe(image);
  });

  test('empties the mask of an instance that leaves, and keeps its place', () => {
    const size = { height: 20, width: 20 };
    const masks = [
      disk(size, { cy: 0.1, cx: 0.5, radius: 3 }),
      disk(size, { cy: 0.8, cx: 0.5, radius: 3 }),
    ];
    const moved = applyOperations(picture(size, { masks }), [affine({ translate: [-0.4, 0] })]);
    expect(moved.instances.map(({ classId }) => classId)).toEqual([1, 2]);
    expect(moved.instances.map(({ mask }) => mask.some((value) => value === 1))).toEqual([
      false,
      true,
    ]);
  });
});

describe('flips and turns', () => {
  test('undo themselves, commute, and move the window exactly', () => {
    fc.assert(
      fc.property(anyPicture, (image) => {
        expect(applyOperations(image, [fliplr, fliplr])).toBe(image);
        for (const flip of [fliplr, flipud]) {
          expect(applyOperations(applyOperations(image, [flip]), [flip])).toEqual(image);
        }
        const both = applyOperations(image, [fliplr, flipud]);
        expect(applyOperations(image, [flipud, fliplr])).toEqual(both);
        expect(applyOperations(image, [turn(2)])).toEqual(both);
        const [y1, x1, y2, x2] = image.window;
        const { width, height } = image;
        expect(applyOperations(image, [fliplr]).window).toEqual([y1, width - x2, y2, width - x1]);
        expect(applyOperations(image, [flipud]).window).toEqual([height - y2, x1, height - y1, x2]);
      }),
    );
  });

  test('put every pixel of a mirrored image where its column from the right was', () => {
    fc.assert(
      fc.property(anyPicture, (image) => {
        const { width } = image;
        const flipped = applyOperations(image, [fliplr]);
        const mirrored = Uint32Array.from(
          { length: image.height * width },
          (_, i) => i - (i % width) + (width - 1 - (i % width)),
        );
        const [mask, greens] = [
          image.instances[0]?.mask,
          flipped.pixels.filter((_, i) => i % 3 === 1),
        ];
        expect(flipped.instances[0]?.mask).toEqual(
          Uint8Array.from(mirrored, (i) => mask?.[i] ?? 2),
        );
        expect(greens).toEqual(Uint8Array.from(mirrored, (i) => image.pixels[3 * i + 1] as number));
      }),
    );
  });

  test('come round after four quarters, clockwise, losing nothing of a square', () => {
    const size = { height: 7, width: 7 };
    const image = picture(size, {
      masks: [disk(size, { cy: 0, cx: 0, radius: 2 })],
      window: [0, 1, 7, 5],
    });
    let turned = image;
    for (let quarter = 1; quarter <= 4; quarter++) {
      turned = applyOperations(turned, [turn(1)]);
      if (quarter < 4) expect(turned).toEqual(applyOperations(image, [turn(quarter)]));
    }
    expect(turned).toEqual(image);
    const once = applyOperations(image, [turn(1)]);
    // What was at the top left is at the top right.
    expect(once.pixels.slice(18, 21)).toEqual(image.pixels.slice(0, 3));
    expect(once.window).toEqual([1, 0, 5, 7]);
    expect(applyOperations(image, [affine({ rotate: 90 })])).toEqual(once);
  });

  test('of an oblong image shrink it to fit', () => {
    const size = { height: 20, width: 40 };
    const mask = new Uint8Array(800).fill(1);
    const [instance] = applyOperations(picture(size, { masks: [mask] }), [turn(1)]).instances;
    const columns = Array.from({ length: 40 }, (_, x) => instance?.mask[10 * 40 + x]);
    expect(columns.indexOf(1)).toBe(15);
    expect(columns.lastIndexOf(1)).toBe(24);
    expect(instance?.mask.filter((value) => value === 1)).toHaveLength(200);
  });
});

describe('a chain', () => {
  test('of a rotation and its opposite leaves the image: it is sampled once', () => {
    fc.assert(
      fc.property(fc.double({ min: -180, max: 180, noNaN: true }), (degrees) => {
        const size = { height: 31, width: 31 };
        const image = picture(size, { masks: [disk(size, { cy: 0.4, cx: 0.6, radius: 8 })] });
        const back = applyOperations(image, [
          affine({ rotate: degrees }),
          affine({ rotate: -degrees }),
        ]);
        expect(back.pixels).toEqual(image.pixels);
        expect(back.instances).toEqual(image.instances);
      }),
    );
  });

  test('of two separate rotations keeps the interior, softened', () => {
    const size = { height: 41, width: 41 };
    // Slow waves, so that sampling twice changes little.
    const pixels = Uint8Array.from({ length: 3 * 41 * 41 }, (_, i) => {
      const [y, x] = [Math.floor(i / 123), Math.floor(i / 3) % 41];
      return 128 + 60 * Math.sin(x / 6) + 60 * Math.cos(y / 5);
    });
    const image = { ...picture(size), pixels };
    const there = applyOperations(image, [affine({ rotate: 33 })]);
    const back = applyOperations(there, [affine({ rotate: -33 })]);
    const interior = (values: Uint8Array) =>
      values.filter(
        (_, i) =>
          Math.abs(Math.floor(i / 123) - 20) < 9 && Math.abs((Math.floor(i / 3) % 41) - 20) < 9,
      );
    expect(furthestApart(interior(back.pixels), interior(pixels))).toBeLessThanOrEqual(3);
  });

  test('is done in its order', () => {
    const size = { height: 20, width: 20 };
    const image = picture(size, { masks: [disk(size, { cy: 0.5, cx: 0.3, radius: 3 })] });
    const shift = affine({ translate: [0, 0.25] });
    for (const [first, second] of [
      [shift, fliplr],
      [fliplr, shift],
      [turn(1), shift],
    ] as const) {
      const oneByOne = applyOperations(applyOperations(image, [first]), [second]);
      expect(applyOperations(image, [first, second])).toEqual(oneByOne);
      expect(applyOperations(image, [second, first]).instances).not.toEqual(oneByOne.instances);
    }
  });
});

describe('a crop', () => {
  test('to the half makes four of each pixel', () => {
    const mask = Uint8Array.from({ length: 64 }, (_, i) => (i % 3) & 1);
    const half: DrawnOperation = { op: 'crop', top: 0.25, bottom: 0.25, left: 0.5, right: 0 };
    const image = picture({ height: 8, width: 8 }, { masks: [mask] });
    const expected = mask.map((_, i) => mask[(2 + (i >> 4)) * 8 + 4 + ((i % 8) >> 1)] as number);
    expect(applyOperations(image, [half]).instances[0]?.mask).toEqual(expected);
  });

  test('stretches what is between the cuts over the whole canvas', () => {
    const size = { height: 20, width: 20 };
    const middle = Uint8Array.from({ length: 400 }, (_, i) => {
      const [y, x] = [Math.floor(i / 20), i % 20];
      return y >= 4 && y < 16 && x >= 2 && x < 20 ? 1 : 0;
    });
    const cut: DrawnOperation = { op: 'crop', top: 0.2, bottom: 0.2, left: 0.1, right: 0 };
    const cropped = applyOperations(picture(size, { masks: [middle] }), [cut]);
    expect(cropped.instances[0]?.mask.every((value) => value === 1)).toBe(true);
    const wider = applyOperations(picture(size, { masks: [middle] }), [{ ...cut, top: 0.15 }]);
    expect(wider.instances[0]?.mask.subarray(0, 20).every((value) => value === 0)).toBe(true);
  });
});

describe('elastic displacement', () => {
  test('is never more than alpha', () => {
    fc.assert(
      fc.property(
        fc.record({
          alpha: fc.double({ min: 0, max: 500, noNaN: true }),
          sigma: fc.double({ min: 1, max: 20, noNaN: true }),
          seed: fc.nat(),
        }),
        (options) => {
          const field = elasticDisplacement(options, { height: 30, width: 50 });
          expect(largestDisplacement(field)).toBeLessThanOrEqual(options.alpha * (1 + 1e-6));
        },
      ),
    );
  });

  test.each([1, 2, 5, 8])(
    "has the strength of imgaug's for sigma %d, though made on a coarser grid",
    (sigma) => {
      const { shifts } = elasticDisplacement(
        { alpha: 100, sigma, seed: 4 },
        { height: 500, width: 500 },
      );
      const deviation = Math.sqrt(shifts.reduce((sum, v) => sum + v * v, 0) / shifts.length);
      // Even noise in ±1 has variance 1/3; a Gaussian of sigma averages over 4 π sigma² pixels.
      const expected = 100 / Math.sqrt(3 * 4 * Math.PI * sigma ** 2);
      expect(deviation / expected).toBeGreaterThan(0.93);
      expect(deviation / expected).toBeLessThan(1.07);
    },
  );
});

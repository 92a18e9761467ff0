import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { augment, flipLeftRight, flipUpDown } from '../../datasets/augmentation.ts';
import { epochBatches, epochOrder } from '../../maskrcnn/data/epoch-order.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';

/** The red channel repeats the mask, so that they can be seen to move together. */
const imageArbitrary = fc
  .record({
    height: fc.integer({ min: 1, max: 9 }),
    width: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
  })
  .map(({ height, width, seed }): AnnotatedImage => {
    const random = randomStream(seed);
    const mask = Uint8Array.from({ length: height * width }, () => random.below(2));
    const pixels = Uint8Array.from({ length: height * width * 3 }, (_, i) =>
      i % 3 === 0 ? (mask[i / 3] ?? 0) : random.below(256),
    );
    const [y1, x1] = [random.below(height), random.below(width)];
    const y2 = y1 + 1 + random.below(height - y1);
    const x2 = x1 + 1 + random.below(width - x1);
    return {
      id: 'x',
      height,
      width,
      pixels,
      window: [y1, x1, y2, x2],
      originalSize: [5, 6],
      scale: 1.5,
      instances: [{ classId: 1, mask }],
    };
  });

describe('flips', () => {
  test('undo themselves and commute', () => {
    fc.assert(
      fc.property(imageArbitrary, (image) => {
        expect(flipLeftRight(flipLeftRight(image))).toEqual(image);
        expect(flipUpDown(flipUpDown(image))).toEqual(image);
        expect(flipUpDown(flipLeftRight(image))).toEqual(flipLeftRight(flipUpDown(image)));
      }),
    );
  });

  test('move pixels, masks and window alike', () => {
    fc.assert(
      fc.property(imageArbitrary, (image) => {
        const flipped = flipLeftRight(image);
        const { width, window } = image;
        for (let i = 0; i < image.height * width; i++) {
          const mirrored = i - (i % width) + (width - 1 - (i % width));
          expect(flipped.instances[0]?.mask[i]).toBe(image.instances[0]?.mask[mirrored]);
          expect(flipped.pixels[3 * i]).toBe(flipped.instances[0]?.mask[i]);
          expect(flipped.pixels[3 * i + 1]).toBe(image.pixels[3 * mirrored + 1]);
        }
        expect(flipped.window).toEqual([
          window[0],
          width - window[3],
          window[2],
          width - window[1],
        ]);
      }),
    );
  });

  test('happen as often as they are asked to, and never change the image given', () => {
    const [image] = fc.sample(imageArbitrary, { numRuns: 1, seed: 3 });
    if (image === undefined) throw new Error('no sample');
    const random = randomStream(1);
    expect(augment(image, { flipLeftRight: 0, flipUpDown: 0 }, random)).toBe(image);
    expect(augment(image, { flipLeftRight: 1, flipUpDown: 1 }, random)).toEqual(
      flipUpDown(flipLeftRight(image)),
    );
  });
});

describe('the order of an epoch', () => {
  const ids = Array.from({ length: 20 }, (_, i) => `ISIC_${String(i)}`);

  test('is a permutation that changes from epoch to epoch and is the same again', () => {
    const first = epochOrder(ids, { seed: 1, epoch: 1 });
    expect([...first].sort()).toEqual([...ids].sort());
    expect(epochOrder([...ids].reverse(), { seed: 1, epoch: 1 })).toEqual(first);
    expect(epochOrder(ids, { seed: 1, epoch: 2 })).not.toEqual(first);
    expect(epochOrder(ids, { seed: 2, epoch: 1 })).not.toEqual(first);
  });

  test('shows every image once before any twice, for as many steps as asked', () => {
    const batches = epochBatches(ids, { seed: 1, epoch: 1, steps: 15, batchSize: 3 });
    expect(batches.map(({ length }) => length)).toEqual(Array(15).fill(3));
    const flat = batches.flat();
    expect(new Set(flat.slice(0, 20)).size).toBe(20);
    expect(new Set(flat.slice(20, 40)).size).toBe(20);
    expect(epochBatches([], { seed: 1, epoch: 1, steps: 3, batchSize: 1 })).toEqual([]);
  });
});

import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { z } from 'zod';
import { applyOperations } from '../../augmentation/augment.ts';
import type { DrawnOperation } from '../../augmentation/draw.ts';
import {
  anyColourChange,
  anyPicture,
  colouredOutside,
  furthestApart,
  picture,
} from './pictures.ts';

const goldens = z
  .strictObject({
    height: z.int(),
    width: z.int(),
    pixels: z.array(z.int()),
    cases: z.array(
      z.strictObject({
        operation: z.custom<DrawnOperation>(),
        pixels: z.array(z.number()),
      }),
    ),
  })
  .parse(JSON.parse(readFileSync(new URL('./goldens/goldens.json', import.meta.url), 'utf8')));

describe('what scipy, scikit-image and colorsys make of a picture', () => {
  const image = { ...picture(goldens), pixels: Uint8Array.from(goldens.pixels) };
  test.each(
    goldens.cases.map(
      ({ operation, pixels }) => [JSON.stringify(operation), operation, pixels] as const,
    ),
  )('%s, to the nearest whole number', (_, operation, expected) => {
    const { pixels } = applyOperations(image, [operation]);
    const apart = expected.map((value, i) => Math.abs(value - (pixels[i] as number)));
    expect(Math.max(...apart)).toBeLessThanOrEqual(0.502);
  });
});

describe('changes of colour', () => {
  test('touch pixels inside of the window only, and neither masks nor the image given', () => {
    fc.assert(
      fc.property(
        anyPicture,
        fc.array(anyColourChange, { minLength: 1, maxLength: 4 }),
        (image, changes) => {
          const before = image.pixels.slice();
          const changed = applyOperations(image, changes);
          expect(image.pixels).toEqual(before);
          expect(changed).toEqual({ ...image, pixels: changed.pixels });
          expect(colouredOutside(changed)).toBe(0);
        },
      ),
    );
  });

  test.each<DrawnOperation>([
    { op: 'brightness', multiply: 1, add: 0 },
    { op: 'contrast', alpha: 1 },
    { op: 'gamma', gamma: 1 },
    { op: 'hueSaturation', hue: 0, saturation: 1 },
    { op: 'hueSaturation', hue: 360, saturation: 1 },
    { op: 'gaussianBlur', sigma: 0 },
    { op: 'gaussianNoise', scale: 0, perChannel: true, seed: 1 },
  ])('of nothing leave every value: %j', (operation) => {
    const image = picture({ height: 40, width: 40 });
    expect(applyOperations(image, [operation]).pixels).toEqual(image.pixels);
  });

  test.each<[DrawnOperation, readonly number[]]>([
    [{ op: 'brightness', multiply: 1.5, add: -10 }, [0, 5, 140, 255]],
    [{ op: 'contrast', alpha: 2 }, [0, 0, 73, 255]],
  ])('follow their formula and stay within 0 to 255: %j', (operation, expected) => {
    const image = {
      ...picture({ height: 1, width: 4 }),
      pixels: Uint8Array.from([0, 10, 100, 250].flatMap((v) => [v, v, v])),
    };
    const { pixels } = applyOperations(image, [operation]);
    expect([0, 3, 6, 9].map((i) => pixels[i])).toEqual(expected);
  });

  test('are done in their order', () => {
    const image = picture({ height: 9, width: 9 });
    const darker: DrawnOperation = { op: 'brightness', multiply: 0.5, add: 0 };
    const stronger: DrawnOperation = { op: 'contrast', alpha: 3 };
    const oneWay = applyOperations(image, [darker, stronger]).pixels;
    expect(oneWay).not.toEqual(applyOperations(image, [stronger, darker]).pixels);
    const singly = applyOperations(applyOperations(image, [darker]), [stronger]).pixels;
    // The one table rounds once, two tables twice.
    expect(furthestApart(oneWay, singly)).toBeLessThanOrEqual(2);
    const blurred: DrawnOperation = { op: 'gaussianBlur', sigma: 1 };
    expect(applyOperations(image, [stronger, blurred]).pixels).not.toEqual(
      applyOperations(image, [blurred, stronger]).pixels,
    );
  });
});

describe('noise', () => {
  const side = 200;
  const grey = {
    ...picture({ height: side, width: side }),
    pixels: new Uint8Array(3 * side * side).fill(128),
  };
  const noise = (options: Partial<Extract<DrawnOperation, { op: 'gaussianNoise' }>>) =>
    applyOperations(grey, [
      { op: 'gaussianNoise', scale: 10, perChannel: false, seed: 1, ...options },
    ]).pixels;

  test('has the deviation asked for, about nothing', () => {
    for (const perChannel of [false, true]) {
      const values = Array.from(noise({ perChannel }), (value) => value - 128);
      const mean = values.reduce((sum, v) => sum + v, 0) / values.length;
      const deviation = Math.sqrt(
        values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / values.length,
      );
      // Cutting off instead of rounding would give -0.5.
      expect(Math.abs(mean)).toBeLessThan(0.2);
      expect(deviation).toBeGreaterThan(9.8);
      expect(deviation).toBeLessThan(10.2);
    }
  });

  test('is grey or coloured, the same for the same seed only', () => {
    // Pixels whose red differs from the channel.
    const differing = (pixels: Uint8Array, channel: number) =>
      pixels.filter((value, i) => i % 3 === 0 && value !== pixels[i + channel]).length;
    for (const channel of [1, 2]) {
      expect(differing(noise({}), channel)).toBe(0);
      expect(differing(noise({ perChannel: true }), channel)).toBeGreaterThan(0.9 * side * side);
    }
    expect(noise({})).toEqual(noise({}));
    expect(noise({})).not.toEqual(noise({ seed: 2 }));
  });
});

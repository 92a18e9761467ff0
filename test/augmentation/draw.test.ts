import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { drawAugmentation, type DrawnOperation } from '../../augmentation/draw.ts';
import { augmentationSchema, type AugmentationInput } from '../../augmentation/schema.ts';
import { randomStream } from '../../maskrcnn/random.ts';

const RUNS = 2000;

function drawMany(input: AugmentationInput, runs = RUNS): DrawnOperation[][] {
  const spec = augmentationSchema.parse(input);
  return Array.from({ length: runs }, (_, run) => drawAugmentation(spec, randomStream(11, run)));
}

const names = (drawn: readonly DrawnOperation[]): string[] => drawn.map(({ op }) => op);
const share = (drawn: DrawnOperation[][], holds: (one: DrawnOperation[]) => boolean): number =>
  drawn.filter(holds).length / drawn.length;

describe('chance', () => {
  test('of 0 is never, of 1 always, of anything else that often', () => {
    const never = { op: 'fliplr', p: 0 } as const;
    const always = { op: 'flipud', p: 1 } as const;
    const often = { op: 'gamma', p: 0.7 } as const;
    const drawn = drawMany([never, always, often]);
    expect(share(drawn, (one) => names(one).includes('fliplr'))).toBe(0);
    expect(share(drawn, (one) => names(one).includes('flipud'))).toBe(1);
    expect(share(drawn, (one) => names(one).includes('gamma'))).toBeCloseTo(0.7, 1);
  });

  test('of a parent decides for all its children', () => {
    const children = [{ op: 'fliplr' }, { op: 'flipud' }] as const;
    for (const op of ['sequence', 'sometimes', 'oneOf'] as const) {
      expect(share(drawMany({ op, p: 0, children }), ({ length }) => length > 0)).toBe(0);
    }
    const sometimes = drawMany({ op: 'sometimes', p: 0.3, children });
    expect(new Set(sometimes.map(({ length }) => length))).toEqual(new Set([0, 2]));
    expect(share(sometimes, ({ length }) => length === 2)).toBeCloseTo(0.3, 1);
  });

  test('takes evenly from a range, and never beyond it', () => {
    const rotations = drawMany({ op: 'affine', rotate: [-10, 30] }).flatMap(([one]) =>
      one?.op === 'affine' ? [one.rotate] : [],
    );
    expect(rotations).toHaveLength(RUNS);
    expect(Math.min(...rotations)).toBeGreaterThanOrEqual(-10);
    expect(Math.max(...rotations)).toBeLessThanOrEqual(30);
    for (const below of [0, 10, 20]) {
      const quarter = rotations.filter((angle) => angle < below).length / RUNS;
      expect(quarter).toBeCloseTo((below + 10) / 40, 1);
    }
  });

  test('draws the sides of a crop and the two ways of a shift each for itself', () => {
    const [cut, shift] =
      drawMany([{ op: 'crop' }, { op: 'affine', translatePercent: [0, 1] }])[0] ?? [];
    if (cut?.op !== 'crop' || shift?.op !== 'affine') throw new Error('not drawn');
    expect(new Set([cut.top, cut.right, cut.bottom, cut.left]).size).toBe(4);
    expect(shift.translate[0]).not.toBe(shift.translate[1]);
  });
});

describe('some of the children', () => {
  const children = [
    { op: 'fliplr' },
    { op: 'flipud' },
    { op: 'gamma' },
    { op: 'contrast' },
  ] as const;
  const order = children.map(({ op }) => op as string);

  test('are different ones in their order, as many as the range says, each number and each child as often', () => {
    const drawn = drawMany({ op: 'someOf', count: [1, 3], children });
    for (const one of drawn) {
      expect(names(one)).toEqual(order.filter((op) => names(one).includes(op)));
    }
    for (const count of [1, 2, 3]) {
      expect(share(drawn, ({ length }) => length === count)).toBeCloseTo(1 / 3, 1);
    }
    for (const op of order) {
      expect(share(drawn, (one) => names(one).includes(op))).toBeCloseTo(1 / 2, 1);
    }
  });

  test('are all of them without an upper bound, and as many as one number says', () => {
    const open = drawMany({ op: 'someOf', count: [3, null], children });
    expect(new Set(open.map(({ length }) => length))).toEqual(new Set([3, 4]));
    const two = drawMany({ op: 'someOf', count: 2, children });
    expect(share(two, ({ length }) => length === 2)).toBe(1);
  });

  test('are one of one of them, each as often', () => {
    const drawn = drawMany({ op: 'oneOf', children });
    for (const op of order) {
      expect(share(drawn, (one) => names(one).join() === op)).toBeCloseTo(1 / 4, 1);
    }
  });

  test("of the recipe leave about half of the images as they are (by the recipe's own numbers)", () => {
    // None of three: 1/3. One: 1/3 · (1/2 + 1/2 + 0) / 3. Two: 1/3 · (1/4 + 0 + 0) / 3.
    const expected = 1 / 3 + 1 / 9 + 1 / 36;
    expect(share(drawMany('recipe'), ({ length }) => length === 0)).toBeCloseTo(expected, 1);
  });
});

describe('each operation', () => {
  test('is drawn the same again from the same stream, and otherwise from another', () => {
    const spec = augmentationSchema.parse('dermoscopy');
    const draw = (...keys: (string | number)[]) =>
      JSON.stringify(drawAugmentation(spec, randomStream(42, 'augment', ...keys)));
    fc.assert(
      fc.property(fc.nat(), fc.nat(), (epoch, image) => {
        expect(draw(epoch, image)).toBe(draw(epoch, image));
      }),
    );
    const drawn = Array.from({ length: 200 }, (_, image) => draw(1, image));
    expect(new Set(drawn).size).toBeGreaterThan(190);
  });

  test('is left as it was by operations that are added or changed around it', () => {
    const crop = { op: 'crop' } as const;
    const noise = { op: 'gaussianNoise' } as const;
    const alone = drawMany([crop, noise], 50);
    const added = drawMany(
      [{ op: 'fliplr', p: 0.5 }, crop, { op: 'affine', rotate: [0, 9] }, noise],
      50,
    );
    const changed = drawMany([{ op: 'fliplr', p: 0.9 }, crop, { op: 'elastic' }, noise, crop], 50);
    const kept = (drawn: DrawnOperation[]) => [
      drawn.find(({ op }) => op === 'crop'),
      drawn.find(({ op }) => op === 'gaussianNoise'),
    ];
    expect(added.map(kept)).toEqual(alone);
    expect(changed.map(kept)).toEqual(alone);
  });

  test('is another when it stands twice', () => {
    const [first, second] = drawMany([{ op: 'crop' }, { op: 'crop' }], 1)[0] ?? [];
    expect(first).not.toEqual(second);
  });
});

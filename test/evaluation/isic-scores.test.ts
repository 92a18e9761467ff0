/** The scores against the challenge's own scorer (goldens/make.py), and what must hold for any masks. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { binarise, meanScores, scoreMask, type IsicScores } from '../../evaluation/isic-scores.ts';

type MaskFormula =
  | { readonly grey: number }
  | { readonly first: number }
  | { readonly cy: number; readonly cx: number; readonly radius: number; readonly waves: number };

interface Golden {
  readonly width: number;
  readonly height: number;
  readonly cases: readonly {
    readonly name: string;
    readonly prediction: MaskFormula;
    readonly truth: MaskFormula;
    readonly scores: Readonly<Record<string, number>>;
  }[];
  readonly means: Readonly<Record<string, number>>;
}

const golden = JSON.parse(
  readFileSync(new URL('goldens/isic-scores.json', import.meta.url), 'utf8'),
) as Golden;

describe("the challenge's own scorer", () => {
  const score = ({ prediction, truth }: Golden['cases'][number]) =>
    scoreMask(binarise(draw(prediction)), binarise(draw(truth)));

  test.each(golden.cases)('agrees on $name', (example) => {
    expectScores(score(example), example.scores);
  });

  test('agrees on the means', () => {
    expectScores(meanScores(golden.cases.map(score)), golden.means);
  });
});

describe('any two masks', () => {
  const pair = fc
    .integer({ min: 1, max: 200 })
    .chain((length) =>
      fc.tuple(
        fc.uint8Array({ minLength: length, maxLength: length, max: 1 }),
        fc.uint8Array({ minLength: length, maxLength: length, max: 1 }),
      ),
    );

  test('score between 0 and 1, with Dice and Jaccard bound to each other', () => {
    fc.assert(
      fc.property(pair, ([prediction, truth]) => {
        const scores = scoreMask(prediction, truth);
        for (const value of Object.values(scores)) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1);
        }
        expect(scores.dice).toBeCloseTo((2 * scores.jaccard) / (1 + scores.jaccard), 12);
      }),
    );
  });

  test('swap sensitivity and specificity when lesion and skin change places', () => {
    fc.assert(
      fc.property(pair, ([prediction, truth]) => {
        const scores = scoreMask(prediction, truth);
        const swapped = scoreMask(
          prediction.map((value) => 1 - value),
          truth.map((value) => 1 - value),
        );
        expect(swapped.sensitivity).toBe(scores.specificity);
        expect(swapped.accuracy).toBeCloseTo(scores.accuracy, 12);
      }),
    );
  });

  test('are scored alike whether the inside is 1 or 255', () => {
    fc.assert(
      fc.property(pair, ([prediction, truth]) => {
        const white = truth.map((value) => value * 255);
        expect(scoreMask(prediction, white)).toEqual(scoreMask(prediction, truth));
      }),
    );
  });
});

describe('what cannot be scored', () => {
  test('masks of different sizes, with both sizes in the message', () => {
    expect(() => scoreMask(new Uint8Array(6), new Uint8Array(8))).toThrow(/6 pixels.*truth 8/);
  });

  test('masks without pixels, and means without images', () => {
    expect(() => scoreMask(new Uint8Array(0), new Uint8Array(0))).toThrow(/at least one pixel/);
    expect(() => meanScores([])).toThrow(/no images/);
  });
});

/** The mask that `formula` describes; the same arithmetic as goldens/make.py. */
function draw(formula: MaskFormula): Uint8Array {
  return Uint8Array.from({ length: golden.width * golden.height }, (_, pixel) => {
    if ('grey' in formula) return formula.grey;
    if ('first' in formula) return pixel < formula.first ? 255 : 0;
    const dy = Math.floor(pixel / golden.width) - formula.cy;
    const dx = (pixel % golden.width) - formula.cx;
    const edge = 1 + 0.2 * Math.sin(formula.waves * Math.atan2(dy, dx));
    const value = 128 + 100 * (edge - Math.hypot(dy, dx) / formula.radius);
    return Math.min(255, Math.max(0, Math.floor(value + 0.5)));
  });
}

function expectScores(scores: IsicScores, expected: Readonly<Record<string, number>>): void {
  const { threshold_jaccard: thresholdJaccard = Number.NaN, ...others } = expected;
  for (const [name, value] of Object.entries({ ...others, thresholdJaccard })) {
    expect([name, scores[name as keyof IsicScores]]).toEqual([name, expect.closeTo(value, 12)]);
  }
}

/** The report must show failures as well as successes, and no picture twice. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { scores } from '../storage/registry-fixtures.ts';
import { chooseOverlays } from '../../trainer/tasks/choose-overlays.ts';

const images = (count: number) =>
  Array.from({ length: count }, (_, i) => ({
    id: `i${String(i).padStart(3, '0')}`,
    confidence: 0.9,
    scores: { ...scores(0.5), jaccard: ((i * 37) % count) / count },
  }));

describe('the chosen overlays', () => {
  test('are the best, the middle and the worst', () => {
    const ranks = chooseOverlays(images(100), 6).map((image) => image.scores.jaccard * 100);
    expect(ranks.map(Math.round)).toEqual([99, 98, 50, 49, 1, 0]);
  });

  test('are as many as asked for or as there are, each once', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(40), (count, asked) => {
        const chosen = chooseOverlays(images(count), asked);
        expect(new Set(chosen.map(({ id }) => id)).size).toBe(Math.min(count, asked));
        expect(chosen).toHaveLength(Math.min(count, asked));
      }),
    );
  });
});

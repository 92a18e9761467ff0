/** The learning rate where a stage begins, where its warm-up ends, and where it ends itself. */
import { describe, expect, it } from '@jest/globals';
import { learningRateAt } from '../../../maskrcnn/training/schedule.ts';

const stage = { learningRate: 0.02, warmupSteps: 4, totalSteps: 12 } as const;
const rates = (schedule: 'constant' | 'cosine', changes: object = {}) => {
  const options = { ...stage, schedule, ...changes };
  return Array.from({ length: options.totalSteps }, (_, step) => learningRateAt(options, step));
};

describe('learningRateAt', () => {
  it('rises from the first step, which is not lost, to the whole rate at the last of the warm-up', () => {
    const expected = [0.005, 0.01, 0.015, 0.02];
    rates('cosine')
      .slice(0, 4)
      .forEach((rate, step) => expect(rate).toBeCloseTo(expected[step] ?? NaN, 12));
    expect(rates('constant').slice(4)).toEqual(Array(8).fill(0.02));
  });

  it('falls in half a cosine that would be 0 at the step after the last', () => {
    const cosine = rates('cosine').slice(4);
    expect(cosine[0]).toBe(0.02);
    expect(cosine[4]).toBeCloseTo(0.01, 12);
    expect(cosine.at(-1)).toBeCloseTo(0.01 * (1 + Math.cos((Math.PI * 7) / 8)), 12);
    expect(cosine.at(-1)).toBeGreaterThan(0);
    cosine.slice(1).forEach((rate, i) => expect(rate).toBeLessThan(cosine[i] ?? NaN));
    expect(learningRateAt({ ...stage, schedule: 'cosine' }, 12)).toBeCloseTo(0, 12);
  });

  it('stays finite in a stage of one step, and in one that ends before its warm-up', () => {
    expect(rates('cosine', { warmupSteps: 0, totalSteps: 1 })).toEqual([0.02]);
    expect(rates('cosine', { totalSteps: 2 })).toEqual([0.005, 0.01]);
    expect(rates('cosine', { totalSteps: 4 }).at(-1)).toBe(0.02);
  });
});

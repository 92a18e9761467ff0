import { describe, expect, test } from '@jest/globals';
import { exactArithmetic } from '../../trainer/exact-arithmetic.ts';

describe('exactArithmetic', () => {
  test('asks a CPU for ordered sums, and a GPU for nothing that it would refuse', () => {
    expect(Object.keys(exactArithmetic(false))).toContain('TF_DETERMINISTIC_OPS');
    expect(exactArithmetic(true)).toEqual({});
  });
});

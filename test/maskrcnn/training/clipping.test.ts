/** Clipping of gradients: all of them together, or each by its own norm. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { clipFactors, globalNorm } from '../../../maskrcnn/training/optimizer.ts';

/** Norms 5, 1 and 0; together sqrt(26). */
const gradients = () => [tf.tensor1d([3, -4]), tf.tensor2d([[0, 1]]), tf.zeros([3])];

function factors(gradientClipMode: 'global' | 'variable', gradientClipNorm: number): number[] {
  const scalars = tf.tidy(() => {
    const all = gradients();
    const norm = globalNorm(all);
    return tf.stack([...clipFactors(all, { gradientClipMode, gradientClipNorm, norm })]);
  });
  const values = Array.from(scalars.dataSync());
  scalars.dispose();
  return values;
}

describe('clipFactors', () => {
  it('brings all gradients together down to the limit in mode "global"', () => {
    const shared = Math.fround(2 / Math.sqrt(26));
    for (const factor of factors('global', 2)) expect(factor).toBeCloseTo(shared, 6);
    expect(factors('global', 6)).toEqual([1, 1, 1]);
  });

  it('brings each gradient down by its own norm in mode "variable"; a zero gradient stays', () => {
    const [large, small, none] = factors('variable', 2);
    expect(large).toBeCloseTo(2 / 5, 6);
    expect([small, none]).toEqual([1, 1]);
  });

  it('clips nothing at the limit 0, in either mode', () => {
    expect(factors('global', 0)).toEqual([1, 1, 1]);
    expect(factors('variable', 0)).toEqual([1, 1, 1]);
  });
});

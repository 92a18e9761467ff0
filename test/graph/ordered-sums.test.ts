/** Sums round as they are written, whichever buffers TensorFlow could add into. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';

/** 1 + 1e8 rounds to 1e8 in float32: in the order written the sum is 0, in the other it is 1. */
const TERMS = [1, 1e8, -1e8];

function sumOf(add: (terms: tf.Tensor[]) => tf.Tensor): number {
  using program = compile(
    ({ terms, one }) => {
      const scaled = tf.unstack(tf.mul(terms, one)).map((term) => tf.mul(term, one));
      // What is fetched keeps its buffer: only the last term's can be added into.
      const [first, second] = scaled as [tf.Tensor, tf.Tensor];
      return { outputs: { sum: add(scaled), first, second } };
    },
    {
      inputs: {
        terms: { shape: [3, 4096], dtype: 'float32' },
        one: { shape: [], dtype: 'float32' },
      },
      variables: [],
    },
  );
  return tf.tidy(() => {
    const terms = tf.tile(tf.tensor2d(TERMS, [3, 1]), [1, 4096]);
    return program.run({ terms, one: tf.scalar(1) }).sum.dataSync()[7] ?? Number.NaN;
  });
}

describe('a compiled sum of three', () => {
  it('keeps the order of a chain of additions', () => {
    expect(
      sumOf(([a, b, c]) => tf.add(tf.add(a as tf.Tensor, b as tf.Tensor), c as tf.Tensor)),
    ).toBe(0);
  });

  it('keeps the order of addN', () => {
    expect(sumOf((terms) => tf.addN(terms))).toBe(0);
  });
});

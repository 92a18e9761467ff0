/** A branch on data: skipped work gives zeros and zero gradients, and is really skipped. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';
import { zerosUnless } from '../../graph/zeros-unless.ts';

const VECTOR = { shape: [2], dtype: 'float32' } as const;
const FLAG = { shape: [], dtype: 'bool' } as const;

/** `sum(w * exp(x))` where `wanted`, with the gradients to x and w. */
function branchWithGradients(x: tf.Tensor, w: tf.Tensor, wanted: tf.Tensor) {
  const { value, grads } = tf.valueAndGrads((a: tf.Tensor, b: tf.Tensor) =>
    tf.sum(
      zerosUnless({ predicate: wanted, inputs: [a, b], shape: [2] }, ([c, d]) =>
        tf.mul(tf.exp(c as tf.Tensor), d as tf.Tensor),
      ),
    ),
  )([x, w]);
  return { value, dx: grads[0] as tf.Tensor, dw: grads[1] as tf.Tensor };
}

describe('zerosUnless', () => {
  beforeEach(() => tf.engine().startScope());
  afterEach(() => tf.engine().endScope());

  it.each([
    ['eagerly', false],
    ['compiled', true],
  ])('gives the value where the predicate holds, else zeros, %s', (_, compiled) => {
    using program = compile(
      ({ x, w, wanted }) => ({ outputs: branchWithGradients(x, w, wanted) }),
      { inputs: { x: VECTOR, w: VECTOR, wanted: FLAG }, variables: [] },
    );
    const run = (flag: boolean) => {
      const feeds = {
        x: tf.tensor1d([0, 0]),
        w: tf.tensor1d([2, 3]),
        wanted: tf.scalar(flag, 'bool'),
      };
      const { value, dx, dw } = compiled
        ? program.run(feeds)
        : branchWithGradients(feeds.x, feeds.w, feeds.wanted);
      return [value, dx, dw].map((tensor) => Array.from(tensor.dataSync()));
    };
    expect(run(true)).toEqual([[5], [2, 3], [1, 1]]);
    expect(run(false)).toEqual([[0], [0, 0], [0, 0]]);
    expect(run(true)).toEqual([[5], [2, 3], [1, 1]]);
  });

  it('does not run what is not wanted', () => {
    // A gather out of bounds, which fails wherever it runs.
    using program = compile(
      ({ x, wanted }) => ({
        outputs: {
          y: zerosUnless({ predicate: wanted, inputs: [x], shape: [1] }, ([inside]) =>
            tf
              .gather(inside as tf.Tensor, tf.cast(tf.mul(inside as tf.Tensor, 1000), 'int32'))
              .slice(0, 1),
          ),
        },
      }),
      { inputs: { x: VECTOR, wanted: FLAG }, variables: [] },
    );
    const feeds = (wanted: boolean) => ({
      x: tf.tensor1d([7, 7]),
      wanted: tf.scalar(wanted, 'bool'),
    });
    expect(Array.from(program.run(feeds(false)).y.dataSync())).toEqual([0]);
    expect(() => program.run(feeds(true))).toThrow(/indices.*7000/);
  });

  it('takes a result that does not depend on its inputs', () => {
    using program = compile(
      ({ x, wanted }) => ({
        outputs: {
          y: zerosUnless({ predicate: wanted, inputs: [x], shape: [2] }, () => tf.tensor1d([4, 5])),
        },
      }),
      { inputs: { x: VECTOR, wanted: FLAG }, variables: [] },
    );
    const run = (flag: boolean) =>
      Array.from(
        program.run({ x: tf.tensor1d([1, 1]), wanted: tf.scalar(flag, 'bool') }).y.dataSync(),
      );
    expect([run(true), run(false)]).toEqual([
      [4, 5],
      [0, 0],
    ]);
  });
});

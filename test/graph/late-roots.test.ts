/** What needs only variables does not run long before it is read. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';
import { lateRoots } from '../../graph/late-roots.ts';
import { trace } from '../../graph/trace.ts';
import { numbers } from './support/tensors.ts';

const SIDE = 80;
const X = { shape: [SIDE, SIDE], dtype: 'float32' } as const;

describe('an op that needs only variables', () => {
  let w: tf.Variable;
  beforeEach(() => {
    tf.engine().startScope();
    w = tf.variable(tf.ones([SIDE, SIDE]));
  });
  afterEach(() => {
    tf.engine().endScope();
    tf.disposeVariables();
  });
  const rootsOf = (fn: (x: tf.Tensor) => tf.Tensor) =>
    Object.fromEntries(
      lateRoots(
        trace(({ x }) => ({ outputs: { y: fn(x) } }), { inputs: { x: X }, variables: [w] }),
      ),
    );

  it('waits for what its only reader reads besides', () => {
    expect(rootsOf((x) => tf.add(tf.exp(x), tf.mul(w, 0.5)))).toEqual({ Mul_0: 'Exp_0' });
    expect(rootsOf((x) => tf.add(tf.exp(x), tf.neg(tf.mul(w, 0.5))))).toEqual({ Mul_0: 'Exp_0' });
  });

  it('does not where it has several readers, is small, is an output, or reads what is fed', () => {
    expect(
      rootsOf((x) => {
        const half = tf.mul(w, 0.5);
        return tf.add(tf.mul(half, x), half);
      }),
    ).toEqual({});
    expect(rootsOf((x) => tf.add(x, tf.mul(w.slice(0, 1), 0.5)))).not.toHaveProperty('Mul_0');
    expect(rootsOf(() => tf.mul(w, 0.5))).toEqual({});
    expect(rootsOf((x) => tf.add(tf.exp(x), tf.mul(x, 0.5)))).toEqual({});
  });

  it('gives the same values late', () => {
    using program = compile(({ x }) => ({ outputs: { y: tf.add(tf.exp(x), tf.mul(w, 0.5)) } }), {
      inputs: { x: X },
      variables: [w],
    });
    const [first] = numbers(program.run({ x: tf.zeros([SIDE, SIDE]) }).y);
    expect(first).toBe(1.5);
  });
});

/** One copy of the variables' values: while the session has them, the `tf.Variable`s have none. */
import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';
import { SessionError } from '../../graph/errors.ts';
import { numbers } from './support/tensors.ts';

it('release frees the values, reading them is an error, and pull gives back those of the session', () => {
  const before = tf.memory().numTensors;
  const initial = tf.tensor1d([1, 2]);
  const w = tf.variable(initial);
  const seven = tf.scalar(7, 'int32');
  const count = tf.variable(seven);
  tf.dispose([initial, seven]);
  {
    using step = compile(({ x }) => ({ outputs: {}, updates: new Map([[w, w.add(x)]]) }), {
      inputs: { x: { shape: [2], dtype: 'float32' } },
      variables: [w, count],
    });
    const owned = tf.memory().numTensors;
    const x = tf.tensor1d([10, 20]);
    step.run({ x });
    step.release();
    step.run({ x });
    expect(() => w.dataSync()).toThrow();
    expect(() => tf.add(w, 1)).toThrow();
    expect(() => step.push()).toThrow(SessionError);
    expect(w.shape).toEqual([2]);
    step.release();

    step.pull();
    expect(numbers(w)).toEqual([21, 42]);
    expect(numbers(count)).toEqual([7]);
    x.dispose();
    expect(tf.memory().numTensors).toBe(owned);
    step.release();
  }
  // What has no values is freed like any other.
  tf.dispose([w, count]);
  expect(tf.memory().numTensors).toBe(before);
});

/** Gradient descent with momentum happens in place, with the values that its formula gives. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { compile } from '../../graph/compile.ts';
import { momentumUpdates } from '../../graph/momentum-updates.ts';
import type { FunctionResult, NamedTensors } from '../../graph/trace.ts';
import { numbers } from './support/tensors.ts';

const INPUTS = {
  gradient: { shape: [3], dtype: 'float32' },
  rate: { shape: [], dtype: 'float32' },
} as const;

describe('momentum', () => {
  let weight: tf.Variable;
  let velocity: tf.Variable;
  beforeEach(() => {
    tf.engine().startScope();
    weight = tf.variable(tf.tensor1d([1, -2, 3]));
    velocity = tf.variable(tf.tensor1d([0.5, 0, -1]));
  });
  afterEach(() => {
    tf.engine().endScope();
    tf.disposeVariables();
  });

  type Feeds = { readonly gradient: tf.Tensor; readonly rate: tf.Tensor };
  const next = ({ gradient, rate }: Feeds) => {
    const speed = tf.sub(tf.mul(velocity, 0.9), tf.mul(gradient, rate));
    return { speed, moved: tf.add(weight, speed) };
  };
  const compiled = (fn: (feeds: Feeds) => FunctionResult<NamedTensors>) =>
    compile((feeds) => fn(feeds), { inputs: INPUTS, variables: [weight, velocity] });
  const feeds = (gradient: number[], rate = 0.1) => ({
    gradient: tf.tensor1d(gradient),
    rate: tf.scalar(rate),
  });
  const updatesOf = ({ speed, moved }: ReturnType<typeof next>) =>
    new Map([
      [weight, moved],
      [velocity, speed],
    ]);

  it('is found, and gives what its formula gives, step by step', () => {
    using program = compiled((given) => ({
      outputs: { before: tf.mul(weight, 1) },
      updates: updatesOf(next(given)),
    }));
    expect(momentumUpdates(program.graph)).toHaveLength(1);
    for (const gradient of [
      [1, 2, 3],
      [0, -1, 5],
      [2, 2, 2],
    ]) {
      const given = feeds(gradient);
      const { speed, moved } = next(given);
      expect(numbers(program.run(given)['before'] as tf.Tensor)).toEqual(numbers(weight));
      weight.assign(moved);
      velocity.assign(speed);
      numbers(program.read(weight)).forEach((value, i) =>
        expect(value).toBeCloseTo(numbers(weight)[i] ?? NaN, 6),
      );
      numbers(program.read(velocity)).forEach((value, i) =>
        expect(value).toBeCloseTo(numbers(velocity)[i] ?? NaN, 6),
      );
    }
  });

  it('leaves both variables alone in a call whose guard is false', () => {
    using program = compiled((given) => ({
      outputs: {},
      updates: updatesOf(next(given)),
      guard: tf.less(given.rate, 1),
    }));
    expect(momentumUpdates(program.graph)).toHaveLength(1);
    program.run(feeds([1, 2, 3], 5));
    expect(numbers(program.read(weight))).toEqual([1, -2, 3]);
    expect(numbers(program.read(velocity))).toEqual([0.5, 0, -1]);
    program.run(feeds([1, 2, 3]));
    expect(numbers(program.read(weight))).not.toEqual([1, -2, 3]);
  });

  it('is computed by its ops where something else reads the new weight', () => {
    using program = compiled((given) => {
      const both = next(given);
      return { outputs: { twice: tf.mul(both.moved, 2) }, updates: updatesOf(both) };
    });
    expect(momentumUpdates(program.graph)).toHaveLength(0);
    const { twice } = program.run(feeds([1, 2, 3]));
    expect(numbers(program.read(weight)).map((value) => 2 * value)).toEqual(
      numbers(twice as tf.Tensor),
    );
  });
});

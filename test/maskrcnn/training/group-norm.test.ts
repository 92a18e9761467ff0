/** Group norm: its values against Keras, its gradients against finite differences, and the model on it. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import { groupNorm } from '../../../maskrcnn/layers/group-norm.ts';
import { parameterSpecs } from '../../../maskrcnn/parameters.ts';
import { describeWithPython, pythonTensorFlow, runPython } from '../../support/python.ts';
import { tinyConfig } from '../export/tiny-model.ts';

const python = await pythonTensorFlow();

/** Two images of 3 x 2 with 6 channels of different means and spreads, in 3 groups. */
function example() {
  const scatter = tf.randomNormal([2, 3, 2, 6], 0, 1, 'float32', 5);
  const x = tf.tidy(() => scatter.mul([1, 2, 0.5, 4, 1, 3]).add([0, 3, -1, 0.5, 2, 1]));
  scatter.dispose();
  return {
    x: x as tf.Tensor4D,
    bias: tf.tensor1d([0.5, -1, 2, 0, 0.25, 1]),
    gamma: tf.tensor1d([1, -0.5, 2, 1.5, 0.75, 1]),
    beta: tf.tensor1d([0, 1, -1, 0.5, 0, 2]),
  };
}
const GROUPS = 3;

const KERAS = `
import json, sys
import numpy as np, tensorflow as tf
given = {name: tf.constant(value) for name, value in json.loads(sys.argv[1]).items()}
layer = tf.keras.layers.GroupNormalization(groups=${String(GROUPS)}, epsilon=1e-5)
layer.build(given['x'].shape)
layer.set_weights([given['gamma'].numpy(), given['beta'].numpy()])
with tf.GradientTape() as tape:
    tape.watch(given)
    y = layer(given['x'] + given['bias'])
    loss = tf.reduce_sum(tf.sin(3.0 * y))
variables = {'x': given['x'], 'bias': given['bias'], 'gamma': layer.gamma, 'beta': layer.beta}
gradients = tape.gradient(loss, variables)
flat = lambda value: np.asarray(value, dtype=np.float64).reshape(-1).tolist()
print(json.dumps({'y': flat(y), **{name: flat(value) for name, value in gradients.items()}}))
`;

describeWithPython(python, 'group norm in Keras', (interpreter) => {
  it('has the same values, and the same gradients to input, bias, gamma and beta', async () => {
    const { x, ...weights } = example();
    const feeds = { x: x.arraySync(), ...named(weights, (weight) => weight.arraySync()) };
    const expected = (await runPython(interpreter, KERAS, [JSON.stringify(feeds)])) as Readonly<
      Record<'y' | 'x' | 'bias' | 'gamma' | 'beta', number[]>
    >;
    const given = tf.tidy(() => {
      const inputs = [x, weights.bias, weights.gamma, weights.beta];
      const y = groupNorm(x, { ...weights, groups: GROUPS });
      const loss = (...[input, bias, gamma, beta]: tf.Tensor[]) => {
        const options = { bias, gamma, beta, groups: GROUPS } as Parameters<typeof groupNorm>[1];
        return tf.sum(tf.sin(tf.mul(3, groupNorm(input as tf.Tensor, options)))).asScalar();
      };
      const [dx, dbias, dgamma, dbeta] = tf.grads(loss)(inputs);
      return { y, x: dx, bias: dbias, gamma: dgamma, beta: dbeta };
    });
    for (const [name, values] of Object.entries(expected)) {
      const ours = Array.from((given[name as 'y'] as tf.Tensor).dataSync());
      const largest = Math.max(...values.map(Math.abs));
      expect([name, ours.length]).toEqual([name, values.length]);
      const differences = ours.map((value, i) => Math.abs(value - (values[i] ?? NaN)) / largest);
      expect([name, Math.max(...differences) < 2e-5]).toEqual([name, true]);
    }
    tf.dispose([x, { ...weights }, { ...given }]);
  }, 180_000);
});

describe('groupNorm', () => {
  it.each(['x', 'bias', 'gamma', 'beta'] as const)(
    'has the gradient to %s that finite differences have',
    (name) => {
      tf.tidy(() => {
        const inputs = example();
        const mixed = tf.randomNormal(inputs.x.shape, 0, 1, 'float32', 7);
        const value = (changed: tf.Tensor): tf.Scalar => {
          const { x, ...weights } = { ...inputs, [name]: changed };
          return tf.sum(tf.mul(mixed, groupNorm(x, { ...weights, groups: GROUPS }))).asScalar();
        };
        const at = inputs[name];
        const analytic = Array.from(tf.grad(value)(at).dataSync());
        const step = 1e-2;
        const numeric = analytic.map((_, index) => {
          const bump = tf.oneHot([index], at.size, step, 0, 'float32').reshape(at.shape);
          const difference = tf.sub(value(tf.add(at, bump)), value(tf.sub(at, bump)));
          return (difference.dataSync()[0] ?? NaN) / (2 * step);
        });
        const largest = Math.max(...analytic.map(Math.abs));
        expect(largest).toBeGreaterThan(0.1);
        analytic.forEach((gradient, i) =>
          expect(Math.abs(gradient - (numeric[i] ?? NaN)) / largest).toBeLessThan(1e-2),
        );
      });
    },
  );

  it('looks at each image by itself, and at rows of features as at images of one pixel', () => {
    tf.tidy(() => {
      const { x, ...weights } = example();
      const options = { ...weights, groups: GROUPS };
      const both = groupNorm(x, options);
      const second = groupNorm(tf.slice(x, [1, 0, 0, 0], [1, 3, 2, 6]), options);
      const apart = tf.sub(tf.slice(both, [1, 0, 0, 0], [1, 3, 2, 6]), second);
      expect(tf.max(tf.abs(apart)).dataSync()[0]).toBeLessThan(1e-6);
      const rows = tf.reshape(tf.slice(x, [0, 1, 1, 0], [2, 1, 1, 6]), [2, 6]);
      const pixels = groupNorm(tf.reshape(rows, [2, 1, 1, 6]), options);
      expect(Array.from(groupNorm(rows, options).dataSync())).toEqual(
        Array.from(pixels.dataSync()),
      );
    });
  });

  it('leaks no tensor', () => {
    const { x, ...weights } = example();
    const before = tf.memory().numTensors;
    const y = groupNorm(x, { ...weights, groups: GROUPS });
    expect(tf.memory().numTensors).toBe(before + 1);
    tf.dispose([x, y, { ...weights }]);
  });
});

describe('a model with group norm', () => {
  it('has the layers of the model with batch norm, with gamma and beta alone', () => {
    const batch = parameterSpecs(tinyConfig());
    const group = parameterSpecs(tinyConfig({ normalization: 'group' }));
    expect(group.map(({ name }) => name)).toEqual(
      batch.filter(({ weight }) => !weight.startsWith('moving_')).map(({ name }) => name),
    );
  });

  it('refuses groups that do not divide the channels, and says which', () => {
    const parse = (options: object) =>
      maskRcnnConfigSchema.safeParse({ normalization: 'group', ...options });
    expect(parse({ normGroups: 24 }).error?.issues[0]).toMatchObject({
      path: ['normGroups'],
      message: expect.stringContaining('64 (conv1)'),
    });
    expect(parse({ fpnClassifFcLayersSize: 80 }).error?.issues[0]?.message).toContain('80');
    expect(parse({ normGroups: 16, fpnClassifFcLayersSize: 80 }).success).toBe(true);
  });
});

function named<T, R>(values: Record<string, T>, fn: (value: T) => R): Record<string, R> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, fn(value)]));
}

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { describe, expect, it } from '@jest/globals';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import { LayerSelectionError, UnknownParameterError } from '../../../maskrcnn/errors.ts';
import { Parameters, parameterSpecs, trainableParameters } from '../../../maskrcnn/parameters.ts';
import { glorotLimit } from '../../../maskrcnn/initializers.ts';
import { describeWithShared, sharedPath } from '../../support/shared.ts';

const resnet50 = maskRcnnConfigSchema.parse({ backbone: 'resnet50' });
const numbersIn = (specs: readonly { shape: readonly number[] }[]) =>
  specs.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);

describeWithShared('layer sets against the reference', 'parity/trainable_layers.json', () => {
  interface Golden {
    trainable_weights: string[];
    layers: string[];
    n_params: number;
  }
  it.each(['heads', '3+', '4+', '5+', 'all'])(
    '%s: names, order, layers and number of parameters',
    (layers) => {
      const golden = JSON.parse(
        readFileSync(sharedPath('parity/trainable_layers.json'), 'utf8'),
      ) as Record<string, Golden>;
      const chosen = trainableParameters(parameterSpecs(resnet50), layers);
      expect(chosen.map(({ name }) => `${name}:0`)).toEqual(golden[layers]?.trainable_weights);
      expect([...new Set(chosen.map((spec) => spec.topLevelLayer))]).toEqual(
        golden[layers]?.layers,
      );
      expect(numbersIn(chosen)).toBe(golden[layers]?.n_params);
    },
  );
});

describe('parameterSpecs', () => {
  it('counts what the original holds, statistics included', () => {
    expect(numbersIn(parameterSpecs(resnet50))).toBe(44_662_942);
    const specs = parameterSpecs(maskRcnnConfigSchema.parse({}));
    expect(specs.filter(({ layer }) => /^res4[a-w]_branch2a$/.test(layer))).toHaveLength(46);
    expect(numbersIn(specs)).toBe(63_733_406);
  });

  it('leaves gamma, beta and the statistics out of the L2 term, but not the biases', () => {
    const regularized = parameterSpecs(resnet50).filter((spec) => spec.regularized);
    expect(new Set(regularized.map(({ weight }) => weight))).toEqual(new Set(['kernel', 'bias']));
  });
});

describe('trainableParameters', () => {
  const specs = parameterSpecs(resnet50);

  it('takes a regular expression of whole layer names, also inside rpn_model', () => {
    expect(trainableParameters(specs, 'rpn_class\\_raw|conv1').map(({ name }) => name)).toEqual([
      'conv1/kernel',
      'conv1/bias',
      'rpn_class_raw/kernel',
      'rpn_class_raw/bias',
    ]);
  });

  it.each(['(mrcnn_', 'layers', ''])('refuses %j by a typed error', (layers) => {
    expect(() => trainableParameters(specs, layers)).toThrow(LayerSelectionError);
  });
});

describe('Parameters', () => {
  it('starts as Keras does, by the seed alone, and frees all it owns', () => {
    const small = maskRcnnConfigSchema.parse({
      backbone: 'resnet50',
      fpnClassifFcLayersSize: 8,
      topDownPyramidSize: 8,
    });
    const before = tf.memory().numTensors;
    using first = Parameters.initialise(small, 1);
    using again = Parameters.initialise(small, 1);
    using other = Parameters.initialise(small, 2);
    const kernel = first.get('res2a_branch2a/kernel');
    const values = kernel.dataSync();
    expect(kernel.shape).toEqual([1, 1, 64, 64]);
    expect(values).toEqual(again.get('res2a_branch2a/kernel').dataSync());
    expect(values).not.toEqual(other.get('res2a_branch2a/kernel').dataSync());
    expect(Math.max(...values)).toBeLessThanOrEqual(glorotLimit(kernel.shape));
    expect(Math.max(...values)).toBeGreaterThan(0.99 * glorotLimit(kernel.shape));
    expect(Math.abs(tf.tidy(() => tf.mean(kernel).dataSync()[0] ?? NaN))).toBeLessThan(0.01);
    expect(first.get('bn_conv1/moving_variance').dataSync()).toEqual(new Float32Array(64).fill(1));
    expect(first.get('bn_conv1/moving_variance').trainable).toBe(false);
    for (const parameters of [first, again, other]) parameters[Symbol.dispose]();
    expect(tf.memory().numTensors).toBe(before);
  });

  it('names the parameter that is not there', () => {
    const small = maskRcnnConfigSchema.parse({ backbone: 'resnet50', fpnClassifFcLayersSize: 8 });
    using parameters = Parameters.initialise(small, 1);
    expect(parameters.has('res4w_branch2a/kernel')).toBe(false);
    expect(() => parameters.get('res4w_branch2a/kernel')).toThrow(UnknownParameterError);
  });
});

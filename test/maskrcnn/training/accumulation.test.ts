/** Several batches a step: their mean gradient, and what compiled and eager trainer keep of it. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../../../maskrcnn/config.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import type { TrainBatch } from '../../../maskrcnn/training/batch.ts';
import { CompiledTrainer } from '../../../maskrcnn/training/compiled-trainer.ts';
import { AccumulationError, NonFiniteLossError } from '../../../maskrcnn/training/errors.ts';
import { Trainer } from '../../../maskrcnn/training/trainer.ts';
import { discBatch, tinyConfig } from '../export/tiny-model.ts';

/** The `index`-th of a batch's images as a batch of its own. */
function imageOf(batch: TrainBatch, index: number): TrainBatch {
  const part = <T>(values: T): T => {
    if (!ArrayBuffer.isView(values)) return values;
    const all = values as unknown as Float32Array;
    const size = all.length / batch.batchSize;
    return all.slice(index * size, (index + 1) * size) as unknown as T;
  };
  const parts = Object.entries(batch).map(([name, values]) => [name, part<unknown>(values)]);
  return { ...(Object.fromEntries(parts) as TrainBatch), batchSize: 1 };
}

const valuesOf = (variable: tf.Tensor | undefined) => Array.from(variable?.dataSync() ?? []);

/** What a step changed of a weight. */
function changeOf(config: MaskRcnnConfig, name: string, train: (trainer: Trainer) => void) {
  using parameters = Parameters.initialise(config, 3);
  using trainer = new Trainer({ config, parameters, layers: 'all' });
  const before = valuesOf(parameters.get(name));
  const owned = tf.memory().numTensors;
  train(trainer);
  expect(tf.memory().numTensors).toBe(owned);
  return valuesOf(parameters.get(name)).map((value, i) => value - (before[i] ?? NaN));
}

const largest = (values: readonly number[]) => Math.max(...values.map(Math.abs));

describe('a step on several batches', () => {
  it('is the step on one batch of all their images, for losses that are means over as many RoIs an image', () => {
    // Not so the others: they are means over the positive anchors or RoIs of a batch, which may be few.
    const lossWeights = { rpnBboxLoss: 0, mrcnnBboxLoss: 0, mrcnnMaskLoss: 0 };
    const options = { lossWeights, gradientClipNorm: 0.5 };
    const batch = discBatch(2, 1);
    const [first, second] = [imageOf(batch, 0), imageOf(batch, 1)];
    for (const name of ['rpn_class_raw/kernel', 'conv1/kernel']) {
      const together = changeOf(tinyConfig(options), name, (trainer) => trainer.step(batch, 0.1));
      const accumulating = tinyConfig({ ...options, gradientAccumulationSteps: 2 });
      const apart = changeOf(accumulating, name, (trainer) => {
        trainer.accumulate(first);
        trainer.step(second, 0.1);
      });
      const difference = apart.map((value, i) => value - (together[i] ?? NaN));
      expect(largest(together)).toBeGreaterThan(1e-6);
      expect(largest(difference) / largest(together)).toBeLessThan(2e-2);
    }
  }, 180_000);

  it('begins anew after a batch whose loss is not finite', () => {
    const config = tinyConfig({ gradientAccumulationSteps: 2 });
    const broken = discBatch(1, 5);
    broken.rpnBbox.fill(NaN);
    const after = (refuse: boolean) =>
      changeOf(config, 'rpn_class_raw/kernel', (trainer) => {
        if (refuse) {
          trainer.accumulate(discBatch(1, 4));
          expect(() => trainer.step(broken, 1e-2)).toThrow(NonFiniteLossError);
        }
        trainer.accumulate(discBatch(1, 1));
        trainer.step(discBatch(1, 2), 1e-2);
      });
    expect(after(true)).toEqual(after(false));
  }, 180_000);

  it('is refused where the config says one batch a step', () => {
    const config = tinyConfig();
    using parameters = Parameters.initialise(config, 3);
    using trainer = new Trainer({ config, parameters, layers: 'heads' });
    expect(() => trainer.accumulate(discBatch(1, 1))).toThrow(AccumulationError);
  });
});

describe('the compiled trainer with AdamW, averages and two batches a step', () => {
  it('follows the eager one, and goes on from its state', () => {
    const config = tinyConfig({
      optimizer: 'adamw',
      emaDecay: 0.9,
      gradientAccumulationSteps: 2,
      gradientClipMode: 'variable',
      normalization: 'group',
    });
    const before = tf.memory().numTensors;
    {
      using parameters = Parameters.initialise(config, 3);
      using eagerParameters = Parameters.initialise(config, 3);
      using trainer = new CompiledTrainer({ config, parameters, layers: 'heads' });
      using eager = new Trainer({ config, parameters: eagerParameters, layers: 'heads' });
      const owned = tf.memory().numTensors;
      for (let step = 0; step < 2; step++) {
        for (const each of [trainer, eager]) {
          each.accumulate(discBatch(1, 2 * step));
          each.step(discBatch(1, 2 * step + 1), 1e-4);
        }
      }
      const validated = trainer.validate(discBatch(1, 9)).total;
      expect(validated).toBeCloseTo(eager.validate(discBatch(1, 9)).total, 2);
      trainer.sync();
      expect(tf.memory().numTensors).toBe(owned);

      const name = 'mrcnn_class_conv2/kernel';
      expect(valuesOf(trainer.slots.get('optimizer/step'))).toEqual([2]);
      expectClose(parameters.get(name), eagerParameters.get(name));
      for (const slot of ['m', 'v']) {
        expectClose(trainer.slots.get(`${name}/${slot}`), eager.slots.get(`${name}/${slot}`));
      }
      expectClose(trainer.averages.get(name), eager.averages.get(name));
      expect(valuesOf(trainer.averages.get(name))).not.toEqual(valuesOf(parameters.get(name)));
      expect(trainer.averages.has('conv1/kernel')).toBe(false);

      // Validation looks at the averages: with them in place of the weights nothing changes.
      for (const [averaged, value] of trainer.averages) eagerParameters.get(averaged).assign(value);
      const plain = tinyConfig({ normalization: 'group', optimizer: 'adamw' });
      using looked = new Trainer({ config: plain, parameters: eagerParameters, layers: 'heads' });
      expect(looked.validate(discBatch(1, 9)).total).toBeCloseTo(validated, 2);
    }
    expect(tf.memory().numTensors).toBe(before);
  }, 300_000);
});

/** Within a hundredth of the largest value. */
function expectClose(given: tf.Tensor | undefined, expected: tf.Tensor | undefined): void {
  const [values, others] = [valuesOf(given), valuesOf(expected)];
  expect(values.length).toBe(others.length);
  expect(values.length).toBeGreaterThan(0);
  const difference = values.map((value, i) => value - (others[i] ?? NaN));
  expect(largest(difference)).toBeLessThan(1e-2 * largest(others));
}

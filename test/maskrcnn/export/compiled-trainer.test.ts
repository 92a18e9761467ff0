/** The compiled trainer against the eager one, on a complete model. */
import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfigInput } from '../../../maskrcnn/config.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { CompiledTrainer } from '../../../maskrcnn/training/compiled-trainer.ts';
import { NonFiniteLossError } from '../../../maskrcnn/training/errors.ts';
import type { Losses } from '../../../maskrcnn/training/loss-values.ts';
import { Trainer } from '../../../maskrcnn/training/trainer.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';
import { discBatch, tinyConfig } from './tiny-model.ts';

function expectClose(given: Losses, expected: Losses): void {
  for (const name of Object.keys(expected) as (keyof Losses)[]) {
    const tolerance = 1e-3 * Math.max(1, Math.abs(expected[name]));
    expect([name, Math.abs(given[name] - expected[name]) <= tolerance]).toEqual([name, true]);
  }
}

const values = (variable: tf.Tensor | undefined): number[] =>
  Array.from(variable?.dataSync() ?? []);

function expectSameValues(given: tf.Tensor | undefined, expected: tf.Tensor | undefined): void {
  const [left, right] = [values(given), values(expected)];
  expect(left.length).toBe(right.length);
  const difference = left.reduce(
    (largest, value, index) => Math.max(largest, Math.abs(value - (right[index] ?? NaN))),
    0,
  );
  expect(difference).toBeLessThan(1e-4);
}

describe('CompiledTrainer', () => {
  it.each([
    ['all', false],
    ['heads', true],
  ])(
    'follows the eager trainer in stage %s, trainBn %s',
    (layers, trainBn) => {
      const config = tinyConfig({ trainBn });
      const before = tf.memory().numTensors;
      {
        using parameters = Parameters.initialise(config, 3);
        using eagerParameters = Parameters.initialise(config, 3);
        using trainer = new CompiledTrainer({ config, parameters, layers });
        using eager = new Trainer({ config, parameters: eagerParameters, layers });
        const owned = tf.memory().numTensors;

        for (let step = 0; step < 3; step += 1) {
          expectClose(trainer.step(discBatch(2, step), 1e-3), eager.step(discBatch(2, step), 1e-3));
        }
        expectClose(trainer.validate(discBatch(2, 9)), eager.validate(discBatch(2, 9)));
        // The last batch of an epoch is smaller.
        expectClose(trainer.validate(discBatch(1, 9)), eager.validate(discBatch(1, 9)));
        trainer.sync();

        const names = ['mrcnn_mask/bias', 'rpn_conv_shared/kernel', 'mrcnn_class_bn1/moving_mean'];
        for (const name of names) expectSameValues(parameters.get(name), eagerParameters.get(name));
        const velocity = 'rpn_class_raw/kernel';
        expectSameValues(trainer.slots.get(velocity), eager.slots.get(velocity));
        expect(tf.memory().numTensors).toBe(owned);
      }
      expect(tf.memory().numTensors).toBe(before);
    },
    180_000,
  );

  it('changes nothing in a step whose loss is not finite', () => {
    const config = tinyConfig();
    using parameters = Parameters.initialise(config, 3);
    using trainer = new CompiledTrainer({ config, parameters, layers: 'heads' });
    const name = 'rpn_bbox_pred/kernel';
    const before = values(parameters.get(name));
    const broken = discBatch(1, 1);
    broken.rpnBbox.fill(NaN);

    expect(() => trainer.step(broken, 1e-3)).toThrow(NonFiniteLossError);

    // A step at rate 0 with no velocity shows what the session holds.
    expect(Number.isFinite(trainer.step(discBatch(1, 1), 0).total)).toBe(true);
    trainer.sync();
    expect(values(parameters.get(name))).toEqual(before);
    expect(values(trainer.slots.get(name)).every((value) => value === 0)).toBe(true);
  }, 180_000);

  it('gives its only copy of the weights back when it ends', () => {
    const config = tinyConfig();
    using parameters = Parameters.initialise(config, 3);
    using expected = Parameters.initialise(config, 3);
    const name = 'rpn_bbox_pred/kernel';
    const learnt = (into: Parameters, sync: boolean) => {
      using trainer = new CompiledTrainer({ config, parameters: into, layers: 'heads' });
      trainer.step(discBatch(1, 1), 1e-3);
      expect(() => into.get(name).dataSync()).toThrow();
      if (sync) trainer.sync();
    };
    learnt(expected, true);
    learnt(parameters, false);
    expect(values(parameters.get(name))).toEqual(values(expected.get(name)));
  }, 180_000);

  it('takes cached graphs of the same code, layers and configuration alone', async () => {
    const folder = await temporaryFolder();
    const losses = (layers: string, codeHash: string, changes: MaskRcnnConfigInput = {}) => {
      const config = tinyConfig(changes);
      using parameters = Parameters.initialise(config, 3);
      const graphCache = { folder: folder.path, codeHash };
      using trainer = new CompiledTrainer({ config, parameters, layers, graphCache });
      return [trainer.step(discBatch(1, 1), 1e-3), trainer.step(discBatch(1, 2), 1e-3)];
    };
    const files = () => readdirSync(folder.path);
    try {
      const traced = losses('heads', 'a');
      expect(losses('heads', 'a')).toEqual(traced);
      expect(files()).toHaveLength(1);
      expect(losses('5+', 'a')).not.toEqual(traced);
      losses('heads', 'b');
      expect(losses('heads', 'a', { weightDecay: 0.01 })).not.toEqual(traced);
      expect(files()).toHaveLength(4);
    } finally {
      await folder.remove();
    }
  }, 180_000);
});

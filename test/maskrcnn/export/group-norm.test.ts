/** A model with group norm through everything that a model goes through: training, detection, SavedModel. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { Detector } from '../../../maskrcnn/detector.ts';
import { exportDetection } from '../../../maskrcnn/export/saved-model.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { CompiledTrainer } from '../../../maskrcnn/training/compiled-trainer.ts';
import { loadWeights, saveWeights } from '../../../maskrcnn/weights/load.ts';
import { discBatch, SIDE, tinyConfig } from './tiny-model.ts';

it('learns compiled, detects, and travels as weights and as a SavedModel', async () => {
  const config = tinyConfig({ normalization: 'group', trainBn: true });
  const folder = mkdtempSync(join(tmpdir(), 'group-norm-'));
  const before = tf.memory().numTensors;
  {
    using parameters = Parameters.initialise(config, 3);
    using trainer = new CompiledTrainer({ config, parameters, layers: 'all' });
    const totals = Array.from({ length: 16 }, (_, step) => trainer.step(discBatch(2, step), 1e-3));
    const losses = totals.map(({ total }) => total);
    expect(Math.max(...losses.slice(-2))).toBeLessThan(0.8 * (losses[0] ?? NaN));
    expect(trainer.validate(discBatch(2, 0)).total).toBeLessThan(0.8 * (losses[0] ?? NaN));
    trainer.sync();

    using detector = new Detector(config, parameters);
    const image = { pixels: new Uint8Array(SIDE * SIDE * 3), height: SIDE, width: SIDE };
    for (const { mask } of await detector.detect(image)) expect(mask.length).toBe(SIDE * SIDE);

    await saveWeights(parameters, join(folder, 'weights.h5'));
    using loaded = Parameters.initialise(config, 4);
    await loadWeights(loaded, join(folder, 'weights.h5'), { strict: true });
    const name = 'bn2a_branch2a/gamma';
    expect(loaded.get(name).dataSync()).toEqual(parameters.get(name).dataSync());
    const { outputs } = exportDetection({ config, parameters, folder });
    expect(Object.keys(outputs)).toContain('masks');
  }
  expect(tf.memory().numTensors).toBe(before);
  rmSync(folder, { recursive: true, force: true });
}, 300_000);

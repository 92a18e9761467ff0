/** Training holds no more memory after many steps than after a few. */
import { expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { CompiledTrainer } from '../../../maskrcnn/training/compiled-trainer.ts';
import { discBatch, tinyConfig } from './tiny-model.ts';

/** Allocators and the garbage collector come to rest. */
const WARM_UP = 40;
const STEPS = 160;
/** In each step: what a batch or the losses would leave behind, if either were not freed, fills this twice. */
const LEFT_BY_A_STEP = 2 ** 20;

it('keeps tensors and resident size flat', () => {
  const config = tinyConfig({ useMiniMask: false, maxGtInstances: 60 });
  using parameters = Parameters.initialise(config, 3);
  using trainer = new CompiledTrainer({ config, parameters, layers: 'heads' });
  const batch = discBatch(1, 0, config);
  expect(batch.gtMasks.byteLength).toBeGreaterThan(0.9 * LEFT_BY_A_STEP);
  const run = (steps: number) => {
    for (let step = 0; step < steps; step++) trainer.step(batch, 1e-4);
    return { tensors: tf.memory().numTensors, resident: process.memoryUsage.rss() };
  };
  const before = run(WARM_UP);
  const after = run(STEPS);
  expect(after.tensors).toBe(before.tensors);
  expect(after.resident - before.resident).toBeLessThan((STEPS * LEFT_BY_A_STEP) / 2);
});

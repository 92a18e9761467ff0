/** The mask head in chunks gives what the whole one gives at the slots in use, and the same gradients. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import fc from 'fast-check';
import { compile } from '../../../graph/compile.ts';
import { chunkSizes, maskHeadOfUsed } from '../../../maskrcnn/heads/mask-head-of-used.ts';
import { maskHead } from '../../../maskrcnn/heads/mask-head.ts';
import { inferencePass } from '../../../maskrcnn/layers/forward-pass.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { tinyConfig } from '../export/tiny-model.ts';

const SLOTS = 11;
const BATCH = 2;
const KERNELS = ['mrcnn_mask_conv1/kernel', 'mrcnn_mask_bn3/gamma', 'mrcnn_mask/bias'];

/** `counts` used slots an image; the other RoIs are zeros, as targets and detections have them. */
function slots(counts: readonly number[]) {
  const numbers = Array.from({ length: SLOTS }, (_, slot) => slot);
  const box = (slot: number) => [0.05 * slot, 0.1, 0.05 * slot + 0.4, 0.5 + 0.04 * slot];
  return {
    used: counts.map((count) => numbers.map((slot) => slot < count)),
    rois: counts.map((count) => numbers.map((slot) => (slot < count ? box(slot) : [0, 0, 0, 0]))),
  };
}

describe('the mask head on used slots', () => {
  it.each([[[3, 0]], [[0, 0]], [[5, 1]], [[SLOTS, 2]]])('with %p of them', (counts) => {
    const config = tinyConfig();
    using parameters = Parameters.initialise(config, 5);
    const pass = inferencePass(parameters);
    const weights = KERNELS.map((name) => parameters.get(name));
    const { used, rois } = slots(counts);
    const align = { imageSize: [64, 64], poolSize: config.maskPoolSize } as const;

    const outputs = (inChunks: boolean) => {
      const levels = [16, 8, 4, 2].map((side, seed) =>
        tf.randomNormal<tf.Rank.R4>([BATCH, side, side, 64], 0, 1, 'float32', seed + 1),
      );
      const flags = tf.tensor2d(used, [BATCH, SLOTS], 'bool');
      const options = { ...align, rois: tf.tensor3d(rois, [BATCH, SLOTS, 4]) };
      const ofUsed = tf.cast(flags, 'float32').reshape([BATCH, SLOTS, 1, 1, 1]);
      const logits = () =>
        tf.mul(
          inChunks
            ? maskHeadOfUsed(pass, levels, { ...options, used: flags })
            : maskHead(pass, levels, options),
          ofUsed,
        );
      const { grads } = tf.variableGrads(() => tf.sum(tf.sin(logits())), weights);
      return {
        logits: logits(),
        ...Object.fromEntries(weights.map(({ name }, i) => [`w${i}`, grads[name] as tf.Tensor])),
      };
    };
    const valuesOf = (tensors: Readonly<Record<string, tf.Tensor>>) =>
      Object.values(tensors).map((tensor) => Array.from(tensor.dataSync()));
    const whole = tf.tidy(() => valuesOf(outputs(false)));
    using program = compile(() => ({ outputs: outputs(true) }), {
      inputs: {},
      variables: parameters.specs.map(({ name }) => parameters.get(name)),
    });
    for (const chunks of [
      tf.tidy(() => valuesOf(outputs(true))),
      tf.tidy(() => valuesOf({ ...program.run({}) })),
    ]) {
      whole.forEach((values, index) => {
        const off = values.map((value, i) => Math.abs(value - (chunks[index]?.[i] ?? NaN)));
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        expect(off.reduce((most, value) => Math.max(most, value), 0)).toBeLessThanOrEqual(
          3e-5 * largest,
        );
        expect(largest > 0).toBe(counts.some((count) => count > 0));
      });
    }
  });
});

describe('chunkSizes', () => {
  it('covers every slot once, and computes few that are not used', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.nat(299), (count, any) => {
        const used = Math.min(any, count);
        const sizes = chunkSizes(count);
        expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(count);
        let done = 0;
        for (const size of sizes) if (done < used) done += size;
        expect(done).toBeLessThanOrEqual(Math.max(7, 4 * used));
      }),
    );
  });
});

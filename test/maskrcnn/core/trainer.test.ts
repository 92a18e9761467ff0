/** Training end to end on a picture made here: it learns, leaks nothing, and refuses what is not finite. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../../../maskrcnn/config.ts';
import { Detector } from '../../../maskrcnn/detector.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../../maskrcnn/training/annotated-image.ts';
import { buildBatch } from '../../../maskrcnn/training/batch.ts';
import { NonFiniteLossError } from '../../../maskrcnn/training/errors.ts';
import { Trainer } from '../../../maskrcnn/training/trainer.ts';
import { referenceConfig } from './reference.ts';

const SIDE = 64;

const config = referenceConfig({
  imageMinDim: SIDE,
  imageMaxDim: SIDE,
  rpnAnchorScales: [8, 16, 24, 32, 64],
  trainRoisPerImage: 12,
  postNmsRoisTraining: 100,
  postNmsRoisInference: 50,
  detectionMaxInstances: 5,
  detectionMinConfidence: 0,
  fpnClassifFcLayersSize: 64,
  maxGtInstances: 3,
});

/** A dark disc on light ground. */
function discImage(): AnnotatedImage {
  const pixels = new Uint8Array(SIDE * SIDE * 3);
  const mask = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < mask.length; i++) {
    const inside = (Math.floor(i / SIDE) - 34) ** 2 + ((i % SIDE) - 30) ** 2 < 18 ** 2;
    mask[i] = Number(inside);
    pixels.set(inside ? [90, 50, 40] : [220, 180, 160], i * 3);
  }
  return {
    id: 'disc',
    height: SIDE,
    width: SIDE,
    pixels,
    window: [0, 0, SIDE, SIDE],
    originalSize: [SIDE, SIDE],
    scale: 1,
    instances: [{ classId: 1, mask }],
  };
}

function batchOf(images: number, step: number, options: MaskRcnnConfig = config) {
  return buildBatch(Array.from({ length: images }, discImage), options, randomStream(1, step));
}

describe('Trainer', () => {
  it('learns a picture by heart, two images a batch, without leaking a tensor', async () => {
    const before = tf.memory().numTensors;
    {
      using parameters = Parameters.initialise(config, 3);
      using trainer = new Trainer({ config, parameters, layers: 'all' });
      const owned = tf.memory().numTensors;
      const totals: number[] = [];
      for (let step = 0; step < 12; step++) {
        totals.push(trainer.step(batchOf(2, step), 2e-3).total);
        expect(tf.memory().numTensors).toBe(owned);
      }
      const first = Math.min(...totals.slice(0, 2));
      expect(Math.max(...totals.slice(-2))).toBeLessThan(0.7 * first);

      expect(trainer.validate(batchOf(2, 0)).total).toBeLessThan(0.7 * first);
      expect(tf.memory().numTensors).toBe(owned);

      using detector = new Detector(config, parameters);
      const found = await detector.detect(discImage());
      expect(found.every(({ mask }) => mask.length === SIDE * SIDE)).toBe(true);
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('the heads stage leaves the backbone as it is and trains gamma and beta of the heads', () => {
    using parameters = Parameters.initialise(config, 3);
    using trainer = new Trainer({ config, parameters, layers: 'heads' });
    const values = (name: string) => Array.from(parameters.get(name).dataSync());
    const [frozen, gamma] = ['res5c_branch2c/bias', 'mrcnn_class_bn1/gamma'] as const;
    const before = { frozen: values(frozen), gamma: values(gamma) };
    trainer.step(batchOf(1, 0), 1e-2);
    expect(values(frozen)).toEqual(before.frozen);
    expect(values(gamma)).not.toEqual(before.gamma);
    expect(trainer.slots.has(frozen)).toBe(false);
  });

  it('with trained batch norm the statistics of trained layers move, the others stay', () => {
    const trained = { ...config, trainBn: true };
    using parameters = Parameters.initialise(trained, 3);
    using trainer = new Trainer({ config: trained, parameters, layers: '5+' });
    const owned = tf.memory().numTensors;
    const mean = (layer: string) => Array.from(parameters.get(`${layer}/moving_mean`).dataSync());
    const before = { trained: mean('bn5c_branch2c'), frozen: mean('bn_conv1') };
    trainer.step(batchOf(2, 0, trained), 1e-3);
    expect(mean('bn5c_branch2c')).not.toEqual(before.trained);
    expect(mean('bn_conv1')).toEqual(before.frozen);
    expect(tf.memory().numTensors).toBe(owned);
  });

  it('trained batch norm of the backbone alone leaves the statistics of the heads', () => {
    const trained = { ...config, trainBn: 'backbone' as const };
    using parameters = Parameters.initialise(trained, 3);
    using trainer = new Trainer({ config: trained, parameters, layers: 'all' });
    const mean = (layer: string) => Array.from(parameters.get(`${layer}/moving_mean`).dataSync());
    const before = { backbone: mean('bn_conv1'), head: mean('mrcnn_class_bn1') };
    trainer.step(batchOf(1, 0, trained), 1e-3);
    expect(mean('bn_conv1')).not.toEqual(before.backbone);
    expect(mean('mrcnn_class_bn1')).toEqual(before.head);
  });

  it('a loss that is not finite names itself and leaves the weights as they were', () => {
    using parameters = Parameters.initialise(config, 3);
    using trainer = new Trainer({ config, parameters, layers: 'heads', step: 41 });
    const owned = tf.memory().numTensors;
    const name = 'rpn_class_raw/kernel';
    const batch = batchOf(1, 0);
    batch.images.fill(Number.NaN);
    const before = Array.from(parameters.get(name).dataSync());
    let thrown: unknown;
    try {
      trainer.step(batch, 1e-3);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(NonFiniteLossError);
    expect((thrown as NonFiniteLossError).step).toBe(41);
    expect((thrown as NonFiniteLossError).losses.rpnClass).toBeNaN();
    expect(Array.from(parameters.get(name).dataSync())).toEqual(before);
    expect(tf.memory().numTensors).toBe(owned);
  });
});

/** What the network says on the way: boxes that are boxes, and no tensor left behind. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { viewNetwork } from '../../cli/inspect/network-view.ts';
import { trainingRois } from '../../cli/inspect/training-rois.ts';
import { Parameters } from '../../maskrcnn/parameters.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import { SIDE, tinyConfig } from '../maskrcnn/export/tiny-model.ts';

const config = tinyConfig({ postNmsRoisTraining: 150 });
const disc = (i: number) =>
  Number((Math.floor(i / SIDE) - 32) ** 2 + ((i % SIDE) - 32) ** 2 < 24 ** 2);
const image: AnnotatedImage = {
  id: 'disc',
  height: SIDE,
  width: SIDE,
  pixels: Uint8Array.from(
    { length: 3 * SIDE * SIDE },
    (_, i) => 200 - 120 * disc(Math.floor(i / 3)),
  ),
  window: [8, 0, 56, SIDE],
  originalSize: [48, SIDE],
  scale: 1,
  instances: [{ classId: 1, mask: Uint8Array.from({ length: SIDE * SIDE }, (_, i) => disc(i)) }],
};
let parameters: Parameters;

beforeAll(() => {
  parameters = Parameters.initialise(config, 5);
});
afterAll(() => parameters[Symbol.dispose]());

test('anchors come by falling score, RoIs lie in the image and their refinements in its window', async () => {
  const before = tf.memory().numTensors;
  const { anchors, rois } = await viewNetwork({ config, parameters, image, anchors: 20 });
  expect(tf.memory().numTensors).toBe(before);
  const scores = anchors.map(({ score }) => score);
  expect(scores).toHaveLength(20);
  expect(scores).toEqual(scores.toSorted((a, b) => b - a));
  expect(rois.length).toBeGreaterThan(0);
  for (const { box, refined, score } of rois) {
    expect([Math.min(...box) >= 0, Math.max(...box) <= SIDE]).toEqual([true, true]);
    expect([refined[0] >= 8, refined[2] <= 56]).toEqual([true, true]);
    expect(score).toBeGreaterThanOrEqual(1 / config.numClasses);
  }
});

test('positives of a training step are refined to their truth and carry its mask', async () => {
  const before = tf.memory().numTensors;
  const rois = await trainingRois({ config, parameters, image, seed: 1 });
  expect(tf.memory().numTensors).toBe(before);
  const positives = rois.filter(({ classId }) => classId === 1);
  expect(positives.length).toBeGreaterThan(0);
  for (const { refined, mask } of positives) {
    [9, 9, 56, 56].forEach((edge, i) => {
      expect(Math.abs((refined[i] ?? 0) - edge)).toBeLessThanOrEqual(1);
    });
    expect(mask?.[32 * SIDE + 32]).toBe(1);
  }
});

/** A complete Mask R-CNN small enough for tests, and a picture for it. */
import { maskRcnnConfigSchema, type MaskRcnnConfigInput } from '../../../maskrcnn/config.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import { buildBatch, type TrainBatch } from '../../../maskrcnn/training/batch.ts';

export const SIDE = 64;

export const tinyConfig = (changes: MaskRcnnConfigInput = {}) =>
  maskRcnnConfigSchema.parse({
    backbone: 'resnet50',
    imageMinDim: SIDE,
    imageMaxDim: SIDE,
    rpnAnchorScales: [8, 16, 24, 32, 64],
    trainRoisPerImage: 12,
    preNmsLimit: 200,
    postNmsRoisTraining: 60,
    postNmsRoisInference: 40,
    detectionMaxInstances: 5,
    detectionMinConfidence: 0,
    fpnClassifFcLayersSize: 64,
    topDownPyramidSize: 64,
    maxGtInstances: 2,
    ...changes,
  });

/** `images` pictures of a dark disc on light ground; `step` chooses anchors and RoIs. */
export function discBatch(images: number, step: number, config = tinyConfig()): TrainBatch {
  const picture = (index: number) => {
    const pixels = new Uint8Array(SIDE * SIDE * 3);
    const mask = new Uint8Array(SIDE * SIDE);
    for (let i = 0; i < mask.length; i++) {
      const inside = (Math.floor(i / SIDE) - 34) ** 2 + ((i % SIDE) - 30 + index) ** 2 < 18 ** 2;
      mask[i] = Number(inside);
      pixels.set(inside ? [90, 50, 40] : [220, 180, 160], i * 3);
    }
    return {
      id: `disc-${String(index)}`,
      height: SIDE,
      width: SIDE,
      pixels,
      window: [0, 0, SIDE, SIDE] as const,
      originalSize: [SIDE, SIDE] as const,
      scale: 1,
      instances: [{ classId: 1, mask }],
    };
  };
  const all = Array.from({ length: images }, (_, index) => picture(index));
  return buildBatch(all, config, randomStream(1, step));
}

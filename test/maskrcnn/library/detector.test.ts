/** The detector behind the library's door: every resize mode, odd sizes, batches, several classes. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import {
  Detector,
  MaskRcnnError,
  Parameters,
  type Detection,
  type PixelImage,
} from '../../../maskrcnn/index.ts';
import { tinyConfig } from '../export/tiny-model.ts';

/** Stripes, so that nothing is symmetric. */
function picture(height: number, width: number): PixelImage {
  const pixels = Uint8Array.from(
    { length: height * width * 3 },
    (_, i) => (i * 7 + (i % 11)) % 256,
  );
  return { pixels, height, width };
}

describe('the detector', () => {
  it.each([
    {
      mode: 'square',
      of: 'any sizes',
      sizes: [
        [70, 90],
        [33, 20],
      ],
    },
    {
      mode: 'pad64',
      of: 'sizes that pad alike',
      sizes: [
        [71, 130],
        [66, 139],
      ],
    },
    { mode: 'crop', of: 'an odd size', sizes: [[75, 61]] },
    {
      mode: 'none',
      of: 'one size',
      sizes: [
        [64, 96],
        [64, 96],
      ],
    },
    { mode: 'none', of: 'an odd size that halves as 64 x 96 does', sizes: [[61, 94]] },
  ] as const)('takes images of $of in mode $mode', async ({ mode, sizes }) => {
    const config = tinyConfig({ imageResizeMode: mode, numClasses: 4 });
    using parameters = Parameters.initialise(config, 3);
    using detector = new Detector(config, parameters);
    const images = sizes.map(([height, width]) => picture(height, width));
    const together = await detector.detectBatch(images);
    expect(together.flat().length).toBeGreaterThan(0);
    for (const [index, image] of images.entries()) {
      const found = together[index] ?? [];
      for (const { box, classId, mask, score } of found) {
        const [y1, x1, y2, x2] = box;
        expect(y1 >= 0 && x1 >= 0 && y2 <= image.height && x2 <= image.width).toBe(true);
        expect([1, 2, 3]).toContain(classId);
        expect(score > 0 && score <= 1).toBe(true);
        expect(mask).toHaveLength(image.height * image.width);
      }
      const alone = await detector.detect(image);
      expect(alone.map(({ box, classId }) => [...box, classId])).toEqual(
        found.map(({ box, classId }) => [...box, classId]),
      );
    }
  });

  it('knows ResNet-101', async () => {
    const config = tinyConfig({ backbone: 'resnet101', numClasses: 3 });
    using parameters = Parameters.initialise(config, 1);
    using detector = new Detector(config, parameters);
    expect((await detector.detect(picture(40, 64))).length).toBeGreaterThan(0);
  });

  it('refuses what the pyramid cannot take, and images that differ in size', async () => {
    const config = tinyConfig({ imageResizeMode: 'none' });
    using parameters = Parameters.initialise(config, 1);
    using detector = new Detector(config, parameters);
    const odd = detector.detect(picture(50, 64));
    await expect(odd).rejects.toThrow(MaskRcnnError);
    await expect(odd).rejects.toThrow(/50 x 64 pixels.*pad64/);
    const mixed = detector.detectBatch([picture(64, 64), picture(64, 96)]);
    await expect(mixed).rejects.toThrow(/64 x 64 pixels and 64 x 96 pixels/);
    expect(await detector.detectBatch([])).toEqual([]);
  });

  it('refuses strides that are not those of the network', async () => {
    const config = tinyConfig({ backboneStrides: [8, 8, 16, 32, 64] });
    using parameters = Parameters.initialise(config, 1);
    using detector = new Detector(config, parameters);
    await expect(detector.detect(picture(64, 64))).rejects.toThrow(/backboneStrides.*8, 8, 16/);
  });

  it('leaves no tensor behind', async () => {
    const config = tinyConfig();
    using parameters = Parameters.initialise(config, 1);
    const before = tf.memory().numTensors;
    {
      using detector = new Detector(config, parameters);
      await detector.detectBatch([picture(40, 64), picture(64, 64)]);
      await expect(
        detector.detectBatch([picture(40, 64)], { minConfidence: 0.999 }),
      ).resolves.toHaveLength(1);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('compiled detection', () => {
  const config = tinyConfig({ numClasses: 3 });
  const image = picture(64, 64);
  const summary = (found: readonly Detection[]) =>
    found.map(({ box, classId, score }) => [...box, classId, score]);

  it('finds what the eager network finds', async () => {
    using parameters = Parameters.initialise(config, 3);
    using compiled = new Detector(config, parameters);
    // Where sizes vary, the first image of each runs eagerly.
    using eager = new Detector({ ...config, imageResizeMode: 'pad64' }, parameters);
    const found = summary(await compiled.detect(image));
    expect(found.length).toBeGreaterThan(0);
    summary(await eager.detect(image)).forEach((expected, index) => {
      expected.forEach((value, i) => expect(found[index]?.[i]).toBeCloseTo(value, 4));
    });
  });

  it('follows weights that change between calls, and the confidence that is asked for', async () => {
    using parameters = Parameters.initialise(config, 3);
    using detector = new Detector(config, parameters);
    const before = summary(await detector.detect(image));
    const bias = parameters.get('mrcnn_class_logits/bias');
    tf.tidy(() => bias.assign(tf.tensor1d([-20, -20, 20])));
    const after = await detector.detect(image);
    expect(before.some(([, , , , classId]) => classId !== 2)).toBe(true);
    expect(after.every(({ classId, score }) => classId === 2 && score > 0.9)).toBe(true);
    expect(after.length).toBeGreaterThan(0);
    expect(await detector.detect(image, { minConfidence: 1 })).toEqual(
      after.filter(({ score }) => score >= 1),
    );
  });

  it('keeps no tensor, whether it compiles or not', async () => {
    using parameters = Parameters.initialise(config, 3);
    const before = tf.memory().numTensors;
    {
      using detector = new Detector(config, parameters);
      await detector.detect(image);
      await detector.detectBatch([image, image]);
      await detector.detectBatch([image, image]);
      await detector.detect(image);
    }
    expect(tf.memory().numTensors).toBe(before);
  });
});

/** Crowds from the data set to the losses' rows, RoIs by chance, active classes: what a batch carries. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import fc from 'fast-check';
import { pixelAnchors } from '../../../maskrcnn/boxes/anchors.ts';
import { denormBoxes, normBoxes } from '../../../maskrcnn/boxes/normalisation.ts';
import { boxOverlaps } from '../../../maskrcnn/boxes/overlaps.ts';
import { loadAnnotatedImage } from '../../../maskrcnn/data/load-image-gt.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import type { Box } from '../../../maskrcnn/shapes.ts';
import { batchTensors } from '../../../maskrcnn/training/batch-tensors.ts';
import { buildBatch } from '../../../maskrcnn/training/batch.ts';
import { detectionTargets } from '../../../maskrcnn/training/detection-targets.ts';
import { randomRois } from '../../../maskrcnn/training/random-rois.ts';
import { redAndBlue, Shapes, SIDE, shapesConfig } from './shapes.ts';

const RED: Box = [6, 6, 26, 26];
const CROWD: Box = [32, 28, 62, 62];

async function crowdedBatch(config = shapesConfig()) {
  const dataset = redAndBlue()
    .add('crowded', [
      { sourceClass: 'shapes.1', box: RED },
      { sourceClass: 'shapes.2', box: CROWD, crowd: true },
    ])
    .add('clear', [{ sourceClass: 'shapes.1', box: RED }])
    .prepare();
  const images = await Promise.all(
    dataset.imageIds.map((id) => loadAnnotatedImage(dataset, id, { config })),
  );
  return buildBatch(images, config, randomStream(5));
}

describe('a crowd', () => {
  it('makes no anchor that touches it negative, nor positive', async () => {
    // All anchors are used, so that none is left out by chance.
    const config = shapesConfig({ rpnTrainAnchorsPerImage: 5000 });
    const { rpnMatch, gtClassIds } = await crowdedBatch(config);
    expect([...gtClassIds]).toEqual([1, -2, 0, 0, 1, 0, 0, 0]);
    const anchors = pixelAnchors(config, [SIDE, SIDE]);
    const overlaps = boxOverlaps(anchors, Float64Array.from(CROWD));
    const touching = [...overlaps.keys()].filter((anchor) => (overlaps[anchor] ?? 0) >= 0.001);
    expect(touching.length).toBeGreaterThan(100);
    const crowded = touching.map((anchor) => rpnMatch[anchor]);
    expect(crowded).not.toContain(-1);
    // The same anchors without a crowd are background.
    const clear = touching.map((anchor) => rpnMatch[anchors.length / 4 + anchor]);
    expect(clear).toContain(-1);
    expect(clear.filter((match) => match === 1)).toEqual(crowded.filter((match) => match === 1));
  });

  it('makes no RoI that touches it a negative, and is no instance to the heads', async () => {
    const config = shapesConfig();
    const batch = await crowdedBatch(config);
    const rois: readonly Box[] = [
      RED,
      [7, 6, 26, 27],
      // In the crowd, the crowd itself, and just touching it.
      [40, 40, 56, 56],
      CROWD,
      [2, 30, 36, 60],
      // Background.
      [2, 40, 20, 60],
      [40, 2, 60, 20],
    ];
    const boxes = normBoxes(Int32Array.from(rois.flat()), [SIDE, SIDE]);
    const { classIds, used } = tf.tidy(() => {
      const tensors = batchTensors(batch);
      const one = tf.tensor3d(boxes, [1, rois.length, 4]);
      const targets = detectionTargets({
        ...tensors,
        config,
        proposals: tf.concat([one, one]),
        roiKeys: tf.randomUniform([2, rois.length], 0, 1, 'float32', 11),
      });
      return {
        classIds: targets.classIds.arraySync(),
        used: targets.rois
          .arraySync()
          .map((image) =>
            image.map((roi) => denormBoxes(Float32Array.from(roi), [SIDE, SIDE]).join()),
          ),
      };
    });
    expect(classIds.map((ids) => ids.filter((id) => id !== 0))).toEqual([
      [1, 1],
      [1, 1],
    ]);
    const among = (image: number) => rois.filter((roi) => used[image]?.includes(roi.join()));
    const [first, second, inside, whole, touching, ...background] = rois;
    expect(among(0)).toEqual([first, second, ...background]);
    // Two positives want four negatives, of five without the crowd.
    expect(among(1).slice(0, 2)).toEqual([first, second]);
    expect(among(1)).toHaveLength(6);
    // Only two of the five lie clear of where the crowd was.
    const taken = [inside, whole, touching].filter(
      (roi) => roi !== undefined && among(1).includes(roi),
    );
    expect(taken.length).toBeGreaterThanOrEqual(2);
  });
});

describe('randomRois', () => {
  const size = [100, 80] as const;
  const truth: readonly Box[] = [
    [10, 10, 30, 20],
    [60, 50, 90, 78],
    [0, 0, 1, 1],
  ];

  it('puts nine in ten around the truth, shared among the boxes, and the rest anywhere', () => {
    const rois = randomRois({ size, gtBoxes: truth, count: 200, random: randomStream(3) });
    expect(rois).toHaveLength(800);
    truth.forEach(([y1, x1, y2, x2], box) => {
      for (let roi = 60 * box; roi < 60 * box + 60; roi++) {
        const [top = -1, left = -1, bottom = -1, right = -1] = rois.subarray(4 * roi, 4 * roi + 4);
        expect(top).toBeGreaterThanOrEqual(Math.max(0, 2 * y1 - y2));
        expect(left).toBeGreaterThanOrEqual(Math.max(0, 2 * x1 - x2));
        expect(bottom).toBeLessThan(Math.min(size[0], 2 * y2 - y1));
        expect(right).toBeLessThan(Math.min(size[1], 2 * x2 - x1));
      }
    });
    const anywhere = rois.subarray(4 * 180);
    expect(anywhere).toHaveLength(80);
    // The places far from the truth are met too.
    expect([...anywhere].some((corner, i) => i % 4 === 2 && corner > 95)).toBe(true);
  });

  it('gives the same for the same stream, with an area, inside of the image, and so without truth', () => {
    fc.assert(
      fc.property(fc.integer(), fc.integer({ min: 0, max: 3 }), (seed, boxes) => {
        const options = { size, gtBoxes: truth.slice(0, boxes), count: 30 };
        const rois = randomRois({ ...options, random: randomStream(seed) });
        expect(randomRois({ ...options, random: randomStream(seed) })).toEqual(rois);
        for (let i = 0; i < rois.length; i += 4) {
          const [y1 = -1, x1 = -1, y2 = -1, x2 = -1] = rois.subarray(i, i + 4);
          expect(0 <= y1 && y1 < y2 && y2 < size[0] && 0 <= x1 && x1 < x2 && x2 < size[1]).toBe(
            true,
          );
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe('a batch', () => {
  it('holds random RoIs, normalised, where the RPN is not to propose', async () => {
    const config = shapesConfig({ useRpnRois: false });
    const { inputRois = new Float32Array() } = await crowdedBatch(config);
    expect(inputRois).toHaveLength(2 * 60 * 4);
    const pixels = denormBoxes(inputRois, [SIDE, SIDE]);
    const near = boxOverlaps(pixels.slice(0, 27 * 4), Int32Array.from(RED));
    expect(near.some((overlap) => overlap > 0.3)).toBe(true);
    expect((await crowdedBatch()).inputRois).toBeUndefined();
  });

  it("takes RoIs of one's own, zeros where there are fewer than the network takes", async () => {
    const config = shapesConfig({ useRpnRois: false });
    const dataset = redAndBlue()
      .add('a', [{ sourceClass: 'shapes.1', box: RED }])
      .prepare();
    const image = await loadAnnotatedImage(dataset, 0, { config });
    const { inputRois } = buildBatch([image], config, randomStream(1), {
      rois: ({ gtBoxes }) => Int32Array.from(gtBoxes.flat()),
    });
    expect([...denormBoxes(inputRois?.slice(0, 4) ?? new Float32Array(), [SIDE, SIDE])]).toEqual(
      RED,
    );
    expect(inputRois?.slice(4).every((value) => value === 0)).toBe(true);
  });

  it('holds images of different sources and numbers of instances, each with its active classes', async () => {
    const dataset = new Shapes();
    dataset.addClass('shapes', 1, 'red');
    dataset.addClass('others', 7, 'yellow');
    dataset
      .add('three', [
        { sourceClass: 'shapes.1', box: [2, 2, 20, 20] },
        { sourceClass: 'shapes.1', box: [30, 2, 50, 20] },
        { sourceClass: 'shapes.1', box: [2, 30, 20, 50] },
      ])
      .add('one', [{ sourceClass: 'others.7', box: [10, 10, 50, 50] }], { source: 'others' })
      .prepare();
    const config = shapesConfig();
    const images = await Promise.all(
      dataset.imageIds.map((id) => loadAnnotatedImage(dataset, id, { config })),
    );
    const batch = buildBatch(images, config, randomStream(1));
    expect([...batch.gtClassIds]).toEqual([1, 1, 1, 0, 2, 0, 0, 0]);
    expect([...batch.activeClassIds]).toEqual([1, 1, 0, 1, 0, 1]);
    const tensors = batchTensors(batch);
    expect(tensors.activeClassIds?.arraySync()).toEqual([
      [1, 1, 0],
      [1, 0, 1],
    ]);
    tf.dispose({ ...tensors });
  });

  it('has all classes active for images that do not say, and refuses a class that the model lacks', () => {
    const image = {
      id: 'odd',
      height: SIDE,
      width: SIDE,
      pixels: new Uint8Array(SIDE * SIDE * 3),
      window: [0, 0, SIDE, SIDE] as const,
      originalSize: [SIDE, SIDE] as const,
      scale: 1,
      instances: [{ classId: 2, mask: new Uint8Array(SIDE * SIDE).fill(1) }],
    };
    const config = shapesConfig();
    expect([...buildBatch([image], config, randomStream(1)).activeClassIds]).toEqual([1, 1, 1]);
    const small = shapesConfig({ numClasses: 2 });
    expect(() => buildBatch([image], small, randomStream(1))).toThrow(
      /image odd has an instance of class 2, but the model knows classes 1 to 1/,
    );
    const uneven = { ...image, activeClassIds: [1, 1] };
    expect(() => buildBatch([uneven], config, randomStream(1))).toThrow(/odd says of 2 classes/);
  });
});

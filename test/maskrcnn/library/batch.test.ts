import { readFile } from 'node:fs/promises';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import sharp from 'sharp';
import { pixelAnchors } from '../../../maskrcnn/boxes/anchors.ts';
import { denormBoxes } from '../../../maskrcnn/boxes/normalisation.ts';
import { applyBoxDeltas } from '../../../maskrcnn/boxes/refinement.ts';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../../maskrcnn/training/annotated-image.ts';
import { buildBatch } from '../../../maskrcnn/training/batch.ts';
import { buildRpnTargets } from '../../../maskrcnn/training/rpn-targets.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared, sharedPath } from '../../support/shared.ts';
import {
  differingPixels,
  largestDifference,
  lesionMask,
  maskOf,
  openTensors,
  readGolden,
  unpackBits,
} from './golden.ts';

interface RpnCase {
  name: string;
  gt_class_ids: number[];
  gt_boxes: number[][];
  RPN_TRAIN_ANCHORS_PER_IMAGE: number;
  rpn_bbox_std_dev: [number, number, number, number];
  positive: number[];
  negative_count: number;
  neutral_count: number;
  rpn_bbox_of_positives: number[][];
}

interface SampledTensor {
  mean: number;
  index: number[];
  values: number[];
}

interface TrainingGolden {
  generator_inputs: {
    molded_image: SampledTensor;
    rpn_match_positive: number[][];
    rpn_match_negative: number[][];
    rpn_bbox_of_positives: number[][][];
    gt_class_ids: number[][];
    gt_boxes_px: number[][][];
  };
}

const config = maskRcnnConfigSchema.parse({
  backbone: 'resnet50',
  imageMinDim: 512,
  imageMaxDim: 512,
});
const indicesOf = (match: Int32Array, value: number) =>
  [...match.keys()].filter((anchor) => match[anchor] === value);

describeWithShared('RPN targets against the reference', 'parity/utils.json', () => {
  const golden = (readGolden('utils') as { build_rpn_targets: RpnCase[] }).build_rpn_targets;
  const tensor = openTensors('utils');

  it.each(golden.map((expected, index) => ({ ...expected, index })))('$name', (expected) => {
    const { match, deltas } = buildRpnTargets({
      anchors: pixelAnchors(config, [512, 512]),
      gtClassIds: expected.gt_class_ids,
      gtBoxes: Int32Array.from(expected.gt_boxes.flat()),
      config: {
        rpnTrainAnchorsPerImage: expected.RPN_TRAIN_ANCHORS_PER_IMAGE,
        rpnBboxStdDev: expected.rpn_bbox_std_dev,
      },
      random: randomStream(7),
    });
    expect(indicesOf(match, 1)).toEqual(expected.positive);
    expect(indicesOf(match, -1)).toHaveLength(expected.negative_count);
    expect(indicesOf(match, 0)).toHaveLength(expected.neutral_count);
    if (expected.index < 3) {
      const golden = tensor(`rpn_match_${String(expected.index)}`);
      expect(match).toHaveLength(golden.length);
      expectDeviation({
        part: 'utilities',
        quantity: 'build_rpn_targets: matches',
        deviation: match.filter((value, anchor) => value !== golden[anchor]).length,
        tolerance: 0,
        unit: 'values that differ',
      });
    }
    const rows = expected.rpn_bbox_of_positives.flat();
    expectDeviation({
      part: 'utilities',
      quantity: 'build_rpn_targets: deltas',
      deviation: largestDifference(deltas.subarray(0, rows.length), rows),
      tolerance: 1e-9,
    });
    expect(deltas.subarray(rows.length).every((value) => value === 0)).toBe(true);
  });
});

describeWithShared('a batch against the reference generator', 'parity/training.json', () => {
  it('gives the inputs of its training run', async () => {
    const golden = (readGolden('training') as TrainingGolden).generator_inputs;
    const file = await readFile(sharedPath('parity/inputs/ISIC_0000013.png'));
    const pixels = new Uint8Array(await sharp(file).removeAlpha().raw().toBuffer());
    const image: AnnotatedImage = {
      id: 'ISIC_0000013',
      height: 512,
      width: 512,
      pixels,
      window: [0, 0, 512, 512],
      originalSize: [512, 512],
      scale: 1,
      instances: [{ classId: 1, mask: await lesionMask() }],
    };
    const batch = buildBatch([image], config, randomStream(20180));
    const at = ({ index }: SampledTensor) => index.map((i) => batch.images[i] ?? NaN);

    expect(largestDifference(at(golden.molded_image), golden.molded_image.values)).toBeLessThan(
      1e-5,
    );
    expect(indicesOf(batch.rpnMatch, 1)).toEqual(golden.rpn_match_positive[0]);
    expect(indicesOf(batch.rpnMatch, -1)).toHaveLength(golden.rpn_match_negative[0]?.length ?? 0);
    const rows = golden.rpn_bbox_of_positives[0]?.flat() ?? [];
    expect(largestDifference(batch.rpnBbox.subarray(0, rows.length), rows)).toBeLessThan(1e-6);
    expect([...batch.gtClassIds]).toEqual(golden.gt_class_ids[0]);
    expect([...denormBoxes(batch.gtBoxes.subarray(0, 4), [512, 512])]).toEqual(
      golden.gt_boxes_px[0]?.[0],
    );
    const mask = Uint8Array.from(batch.gtMasks.filter((_, i) => i % 100 === 0));
    const truth = unpackBits(openTensors('training')('gt_masks_0_packed'), 56 * 56);
    expect(differingPixels(mask, truth)).toBeLessThanOrEqual(10);
  });
});

/** A grey image of 64 pixels with a filled box for each instance. */
function drawn(
  id: string,
  boxes: readonly (readonly [number, number, number, number])[],
): AnnotatedImage {
  return {
    id,
    height: 64,
    width: 64,
    pixels: new Uint8Array(64 * 64 * 3).fill(100),
    window: [0, 0, 64, 64],
    originalSize: [64, 64],
    scale: 1,
    instances: boxes.map(([y1, x1, y2, x2]) => ({
      classId: 1,
      mask: maskOf([64, 64], (y, x) => y >= y1 && y < y2 && x >= x1 && x < x2),
    })),
  };
}

const small = maskRcnnConfigSchema.parse({
  imageMinDim: 64,
  imageMaxDim: 64,
  rpnAnchorScales: [8, 16, 32, 48, 64],
  rpnTrainAnchorsPerImage: 32,
  maxGtInstances: 3,
  miniMaskShape: [14, 14],
  postNmsRoisTraining: 10,
});

describe('buildBatch', () => {
  it('fills each image into its own rows and pads with zeros', () => {
    const images = [
      drawn('a', [[4, 4, 30, 20]]),
      drawn('b', []),
      drawn('c', [
        [1, 1, 9, 9],
        [20, 20, 60, 60],
      ]),
    ];
    const batch = buildBatch(images, small, randomStream(1));
    expect([...batch.gtClassIds]).toEqual([1, 0, 0, 0, 0, 0, 1, 1, 0]);
    expect([...denormBoxes(batch.gtBoxes.subarray(24, 32), [64, 64])]).toEqual([
      1, 1, 9, 9, 20, 20, 60, 60,
    ]);
    expect(batch.gtBoxes.subarray(12, 24).every((value) => value === 0)).toBe(true);
    expect(
      batch.rpnMatch.filter((_, i) => Math.floor(i / (batch.rpnMatch.length / 3)) === 1),
    ).not.toContain(1);
    expect(batch.images[5 * 64 * 3]).toBeCloseTo(100 - 123.7, 4);
    expect(batch.roiKeys.every((key) => key >= 0 && key < 1)).toBe(true);
    expect(new Set(batch.roiKeys).size).toBe(30);
    const inside = batch.gtMasks.filter((_, i) => i % 3 === 0 && i < 14 * 14 * 3);
    expect(inside.every((value) => value === 1)).toBe(true);
  });

  it('is the same for the same stream, and takes a random few of too many instances', () => {
    const crowded = drawn(
      'crowded',
      Array.from({ length: 8 }, (_, i) => [8 * i, 0, 8 * i + 8, 20] as const),
    );
    const [first, again, other] = [1, 1, 2].map((seed) =>
      buildBatch([crowded], small, randomStream(seed)),
    );
    expect(again).toEqual(first);
    expect(other?.gtBoxes).not.toEqual(first?.gtBoxes);
    expect([...(first?.gtClassIds ?? [])]).toEqual([1, 1, 1]);
  });

  it('keeps full masks and drops instances of which nothing is left', () => {
    const full = maskRcnnConfigSchema.parse({ ...small, useMiniMask: false });
    const batch = buildBatch(
      [
        drawn('a', [
          [5, 5, 5, 5],
          [4, 4, 30, 20],
        ]),
      ],
      full,
      randomStream(1),
    );
    expect(batch.maskSize).toEqual([64, 64]);
    expect([...batch.gtClassIds]).toEqual([1, 0, 0]);
    expect(batch.gtMasks.reduce((a, b) => a + b)).toBe(26 * 16);
  });

  it('names the images whose sizes differ', () => {
    const odd = { ...drawn('odd', []), height: 32 };
    expect(() => buildBatch([drawn('a', []), odd], small, randomStream(1))).toThrow(
      /a \(64 x 64\) and odd \(32 x 64\)/,
    );
    expect(() => buildBatch([], small, randomStream(1))).toThrow(/at least one/);
  });

  it('RPN deltas applied to their anchors give a gt box, and the counts stay in bounds', () => {
    const coordinate = fc.integer({ min: 0, max: 40 });
    const side = fc.integer({ min: 4, max: 24 });
    const box = fc
      .tuple(coordinate, coordinate, side, side)
      .map(([y, x, h, w]) => [y, x, y + h, x + w] as const);
    fc.assert(
      fc.property(fc.array(box, { minLength: 1, maxLength: 3 }), fc.integer(), (boxes, seed) => {
        const anchors = pixelAnchors(small, [64, 64]);
        const { match, deltas } = buildRpnTargets({
          anchors,
          gtClassIds: boxes.map(() => 1),
          gtBoxes: Int32Array.from(boxes.flat()),
          config: small,
          random: randomStream(seed),
        });
        const positives = indicesOf(match, 1);
        expect(positives.length).toBeGreaterThan(0);
        expect(positives.length).toBeLessThanOrEqual(16);
        expect(positives.length + indicesOf(match, -1).length).toBe(32);
        positives.forEach((anchor, row) => {
          const scaled = deltas
            .subarray(4 * row, 4 * row + 4)
            .map((value, i) => value * (small.rpnBboxStdDev[i] ?? 0));
          const target = applyBoxDeltas(anchors.subarray(4 * anchor, 4 * anchor + 4), scaled);
          expect(Math.min(...boxes.map((gt) => largestDifference(target, gt)))).toBeLessThan(1e-6);
        });
      }),
      { numRuns: 30 },
    );
  });
});

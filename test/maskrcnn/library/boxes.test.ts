import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  anchorCount,
  pixelAnchors,
  pyramidAnchors,
  pyramidSizes,
} from '../../../maskrcnn/boxes/anchors.ts';
import { nonMaxSuppression } from '../../../maskrcnn/boxes/non-max-suppression.ts';
import { denormBoxes, normBoxes } from '../../../maskrcnn/boxes/normalisation.ts';
import { boxOverlaps, maskOverlaps } from '../../../maskrcnn/boxes/overlaps.ts';
import { applyBoxDeltas, boxRefinement } from '../../../maskrcnn/boxes/refinement.ts';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import type { Size } from '../../../maskrcnn/shapes.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared } from '../../support/shared.ts';
import { largestDifference, lesionMask, maskOf, openTensors, readGolden } from './golden.ts';

type Rows = number[][];
const flat = (rows: Rows) => Float64Array.from(rows.flat());

interface UtilsGolden {
  anchors: {
    name: string;
    scales: number[];
    ratios: number[];
    image_shape: [number, number, number];
    backbone_strides: number[];
    anchor_stride: number;
    backbone_shapes: Rows;
    count: number;
    first: Rows;
    last: Rows;
    index: number[];
    rows: Rows;
    rows_normalised_float32: Rows;
    column_sum: number[];
  }[];
  box_refinement: { box: Rows; gt_box: Rows; deltas: Rows };
  apply_box_deltas: { boxes: Rows; deltas: Rows; out: Rows; roundtrip: Rows };
  compute_overlaps: { boxes1: Rows; boxes2: Rows; iou: Rows };
  compute_overlaps_masks: { out: Rows };
  non_max_suppression: { boxes: Rows; scores: number[]; kept: Record<string, number[]> };
  norm_boxes: { boxes: Rows; shape: Size; out: Rows; denormalised: Rows }[];
  denorm_boxes_half_to_even: { boxes: Rows; shape: Size; out: Rows };
}

describeWithShared('boxes against the reference', 'parity/utils.json', () => {
  const golden = readGolden('utils') as UtilsGolden;

  it.each(golden.anchors)('anchors: $name', (expected) => {
    const config = maskRcnnConfigSchema.parse({
      rpnAnchorScales: expected.scales,
      rpnAnchorRatios: expected.ratios,
      backboneStrides: expected.backbone_strides,
      rpnAnchorStride: expected.anchor_stride,
    });
    const size: Size = [expected.image_shape[0], expected.image_shape[1]];
    const pixels = pixelAnchors(config, size);
    const normalised = pyramidAnchors(config, size);
    const rowsAt = (anchors: Float64Array | Float32Array) =>
      expected.index.flatMap((row) => [...anchors.subarray(4 * row, 4 * row + 4)]);

    expect(pyramidSizes(config, size)).toEqual(expected.backbone_shapes);
    expect(pixels).toHaveLength(4 * expected.count);
    expect(anchorCount(config, size)).toBe(expected.count);
    expectDeviation({
      part: 'utilities',
      quantity: 'pyramid anchors in pixels',
      deviation: largestDifference(rowsAt(pixels), expected.rows.flat()),
      tolerance: 1e-9,
    });
    expect(pixels.slice(0, 4 * expected.first.length)).toEqual(flat(expected.first));
    expect(
      largestDifference(pixels.slice(-4 * expected.last.length), expected.last.flat()),
    ).toBeLessThan(1e-9);
    expectDeviation({
      part: 'utilities',
      quantity: 'pyramid anchors, normalised',
      deviation: largestDifference(rowsAt(normalised), expected.rows_normalised_float32.flat()),
      tolerance: 1e-6,
    });
    expected.column_sum.forEach((total, column) => {
      let ours = 0;
      for (let i = column; i < pixels.length; i += 4) ours += pixels[i] ?? 0;
      expect(Math.abs(ours / total - 1)).toBeLessThan(1e-9);
    });
  });

  it('anchors of the whole test image', () => {
    const anchors = pyramidAnchors(maskRcnnConfigSchema.parse({}), [512, 512]);
    expect(largestDifference(anchors, openTensors('inference')('anchors'))).toBeLessThan(1e-6);
  });

  it('refinement and its inverse', () => {
    const { box, gt_box, deltas } = golden.box_refinement;
    expectDeviation({
      part: 'utilities',
      quantity: 'box_refinement',
      deviation: largestDifference(boxRefinement(flat(box), flat(gt_box)), deltas.flat()),
      tolerance: 1e-5,
    });
    const { boxes, deltas: given, out, roundtrip } = golden.apply_box_deltas;
    const moved = applyBoxDeltas(flat(boxes), flat(given));
    // The reference computes in float32: 500 pixels have a spacing of 3e-5.
    expectDeviation({
      part: 'utilities',
      quantity: 'apply_box_deltas (of some 500 pixels)',
      deviation: largestDifference(moved, out.flat()),
      tolerance: 1e-4,
    });
    const back = applyBoxDeltas(flat(box), boxRefinement(flat(box), flat(gt_box)));
    expectDeviation({
      part: 'utilities',
      quantity: 'apply_box_deltas of box_refinement',
      deviation: largestDifference(back, roundtrip.flat()),
      tolerance: 1e-4,
    });
  });

  it('overlaps of boxes and of masks', async () => {
    const { boxes1, boxes2, iou } = golden.compute_overlaps;
    expectDeviation({
      part: 'utilities',
      quantity: 'compute_overlaps',
      deviation: largestDifference(boxOverlaps(flat(boxes1), flat(boxes2)), iou.flat()),
      tolerance: 1e-9,
    });

    const size = [512, 512] as const;
    const lesion = await lesionMask();
    const disc = maskOf(size, (y, x) => (y - 100) ** 2 + (x - 400) ** 2 < 3600);
    const diamond = maskOf(size, (y, x) => Math.abs(y - 300) + Math.abs(x - 256) < 40);
    const rolled = maskOf(size, (y, x) => lesion[((y + 492) % 512) * 512 + x] === 1);
    const shifted = maskOf(size, (y, x) => (y - 110) ** 2 + (x - 390) ** 2 < 3600);
    const overlaps = maskOverlaps([lesion, disc, diamond], [rolled, shifted]);
    expectDeviation({
      part: 'utilities',
      quantity: 'compute_overlaps_masks',
      deviation: largestDifference(overlaps, golden.compute_overlaps_masks.out.flat()),
      tolerance: 1e-5,
    });
  });

  it('non-max suppression', () => {
    const { boxes, scores, kept } = golden.non_max_suppression;
    for (const [threshold, indices] of Object.entries(kept)) {
      const ours = nonMaxSuppression({ boxes: flat(boxes), scores, threshold: Number(threshold) });
      expect(ours).toHaveLength(indices.length);
      expectDeviation({
        part: 'utilities',
        quantity: 'non_max_suppression: indices',
        deviation: ours.filter((index, i) => index !== indices[i]).length,
        tolerance: 0,
        unit: 'values that differ',
      });
    }
  });

  it('normalised boxes and back, halves to the even pixel', () => {
    for (const { boxes, shape, out, denormalised } of golden.norm_boxes) {
      const normalised = normBoxes(flat(boxes), shape);
      expectDeviation({
        part: 'utilities',
        quantity: 'norm_boxes',
        deviation: largestDifference(normalised, out.flat()),
        tolerance: 1e-5,
      });
      const pixels = denormBoxes(normalised, shape);
      expectDeviation({
        part: 'utilities',
        quantity: 'denorm_boxes',
        deviation: largestDifference(pixels, denormalised.flat()),
        tolerance: 0,
        unit: 'pixels',
      });
    }
    const { boxes, shape, out } = golden.denorm_boxes_half_to_even;
    const even = denormBoxes(flat(boxes), shape);
    expectDeviation({
      part: 'utilities',
      quantity: 'denorm_boxes, halves to even',
      deviation: largestDifference(even, out.flat()),
      tolerance: 0,
      unit: 'pixels',
    });
  });
});

const box = fc
  .tuple(
    fc.integer({ min: 0, max: 400 }),
    fc.integer({ min: 0, max: 400 }),
    fc.integer({ min: 1, max: 112 }),
    fc.integer({ min: 1, max: 112 }),
  )
  .map(([y, x, height, width]) => [y, x, y + height, x + width]);

describe('properties of boxes', () => {
  it('applying the deltas of a box gives that box', () => {
    fc.assert(
      fc.property(box, box, (from, to) => {
        const [a, b] = [Float64Array.from(from), Float64Array.from(to)];
        expect(largestDifference(applyBoxDeltas(a, boxRefinement(a, b)), b)).toBeLessThan(1e-9);
      }),
    );
  });

  it('IoU is symmetric, 1 with itself, and that of the filled masks', () => {
    fc.assert(
      fc.property(box, box, (first, second) => {
        const [a, b] = [Float64Array.from(first), Float64Array.from(second)];
        const iou = boxOverlaps(a, b)[0] ?? NaN;
        expect(boxOverlaps(b, a)[0]).toBeCloseTo(iou, 12);
        expect(boxOverlaps(a, a)[0]).toBe(1);
        const filled = ([y1 = 0, x1 = 0, y2 = 0, x2 = 0]: number[]) =>
          maskOf([512, 512], (y, x) => y >= y1 && y < y2 && x >= x1 && x < x2);
        expect(maskOverlaps([filled(first)], [filled(second)])[0]).toBeCloseTo(iou, 12);
      }),
      { numRuns: 10 },
    );
  });

  it('normalising loses nothing of whole pixels', () => {
    fc.assert(
      fc.property(box, fc.integer({ min: 512, max: 3000 }), (pixels, side) => {
        const size: Size = [side, side + 7];
        expect([...denormBoxes(normBoxes(Int32Array.from(pixels), size), size)]).toEqual(pixels);
      }),
    );
  });

  it('what suppression keeps overlaps no more than allowed, and the best score stays', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(box, fc.double({ min: 0, max: 1, noNaN: true })), { minLength: 1 }),
        (rows) => {
          const boxes = flat(rows.map(([corners]) => corners));
          const scores = rows.map(([, score]) => score);
          const kept = nonMaxSuppression({ boxes, scores, threshold: 0.3 });
          expect(scores[kept[0] ?? -1]).toBe(Math.max(...scores));
          const survivors = flat(kept.map((index) => rows[index]?.[0] ?? []));
          const overlaps = boxOverlaps(survivors, survivors);
          overlaps.forEach((iou, i) => {
            if (i % (kept.length + 1) !== 0) expect(iou).toBeLessThanOrEqual(0.3);
          });
        },
      ),
    );
  });
});

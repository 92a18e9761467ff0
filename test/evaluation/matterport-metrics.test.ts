/**
 * Matterport's metrics against the numbers of the running reference (../shared/parity), and against its
 * functions on edge cases and random ones (goldens/make_matterport.py).
 */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { computeAp, computeApRange } from '../../evaluation/matterport/average-precision.ts';
import {
  detectionColumns,
  instanceColumns,
  type Instances,
  type ScoredInstances,
} from '../../evaluation/matterport/instances.ts';
import { computeMatches, trimZeros } from '../../evaluation/matterport/matches.ts';
import { computeRecall } from '../../evaluation/matterport/recall.ts';
import { largestDifference, maskOf, readGolden } from '../maskrcnn/library/golden.ts';
import { expectDeviation } from '../support/parity-record.ts';
import { describeWithShared } from '../support/shared.ts';

type Rect = readonly [number, number, number, number];

const flat = (rows: readonly (readonly number[])[]) => Float64Array.from(rows.flat());
const filled = (size: number, [y1, x1, y2, x2]: Rect) =>
  maskOf([size, size], (y, x) => y >= y1 && y < y2 && x >= x1 && x < x2);

describeWithShared('the metrics of the reference', 'parity/utils.json', () => {
  interface ApGolden {
    readonly gt_boxes: Rect[];
    readonly gt_class_ids: number[];
    readonly pred_boxes: Rect[];
    readonly pred_class_ids: number[];
    readonly pred_scores: number[];
    readonly matches: (Record<string, number> & { gt_match: number[]; pred_match: number[] })[];
    readonly ap: { iou_threshold: number; ap: number; precisions: number[]; recalls: number[] }[];
    readonly 'overlaps (rows: predictions by falling score)': number[][];
    readonly ap_range_default: number;
    readonly recall: { iou: number; recall: number; positive_ids: number[] }[];
  }
  const { ap: golden, trim_zeros: trimming } = readGolden('utils') as {
    ap: ApGolden;
    trim_zeros: { in: number[][]; out: number[][] };
  };
  const masks = (boxes: Rect[]) => boxes.map((box) => filled(64, box));
  const truth: Instances = {
    boxes: flat(golden.gt_boxes),
    classIds: golden.gt_class_ids,
    masks: masks(golden.gt_boxes),
  };
  const predictions: ScoredInstances = {
    boxes: flat(golden.pred_boxes),
    classIds: golden.pred_class_ids,
    scores: golden.pred_scores,
    masks: masks(golden.pred_boxes),
  };
  const expectEqual = (
    quantity: string,
    a: ArrayLike<number>,
    b: ArrayLike<number>,
    tolerance = 1e-9,
  ) =>
    expectDeviation({
      part: 'utilities',
      quantity,
      deviation: largestDifference(a, b),
      tolerance,
    });

  test('trim_zeros', () => {
    const trimmed = trimZeros(flat(trimming.in), trimming.in[0]?.length ?? 0);
    expectEqual('trim_zeros', trimmed, trimming.out.flat(), 0);
  });

  test.each(golden.matches)('compute_matches at an IoU of $iou_threshold', (expected) => {
    const { gtMatch, predMatch, overlaps } = computeMatches(truth, predictions, {
      iouThreshold: expected['iou_threshold'] ?? NaN,
      scoreThreshold: expected['score_threshold (applied to the IoU!)'] ?? 0,
    });
    expectEqual('matches of compute_matches', gtMatch, expected.gt_match, 0);
    expectEqual('matches of compute_matches', predMatch, expected.pred_match, 0);
    const printed = golden['overlaps (rows: predictions by falling score)'].flat();
    expectEqual('overlaps of compute_matches, printed with 9 digits', overlaps, printed);
  });

  test.each(golden.ap)('compute_ap at an IoU of $iou_threshold', (expected) => {
    const { ap, precisions, recalls } = computeAp(truth, predictions, expected.iou_threshold);
    expectEqual('compute_ap', [ap], [expected.ap]);
    expectEqual('precisions of compute_ap', precisions, expected.precisions);
    expectEqual('recalls of compute_ap, printed with 9 digits', recalls, expected.recalls);
  });

  test('compute_ap_range', () => {
    expectEqual(
      'compute_ap_range',
      [computeApRange(truth, predictions)],
      [golden.ap_range_default],
    );
  });

  test.each(golden.recall)('compute_recall at an IoU of $iou', (expected) => {
    const predBoxes = trimZeros(predictions.boxes, 4);
    const { recall, positiveIds } = computeRecall(
      predBoxes,
      trimZeros(truth.boxes, 4),
      expected.iou,
    );
    expectEqual('compute_recall', [recall], [expected.recall]);
    expectEqual('predictions found by compute_recall', positiveIds, expected.positive_ids, 0);
  });
});

describe("the reference's own functions", () => {
  type Numbers = readonly (number | null)[];
  interface Drawn {
    readonly rects: Rect[];
    readonly boxes: Rect[];
    readonly classIds: number[];
  }
  interface Golden {
    readonly size: number;
    readonly cases: readonly {
      readonly name: string;
      readonly truth: Drawn;
      readonly predictions: Drawn & { readonly scores: number[] };
      readonly matches: readonly {
        readonly iouThreshold: number;
        readonly scoreThreshold: number;
        readonly gtMatch: Numbers;
        readonly predMatch: Numbers;
        readonly overlaps: Numbers;
      }[];
      readonly ap: readonly {
        readonly iouThreshold: number;
        readonly ap: number | null;
        readonly precisions: Numbers;
        readonly recalls: Numbers;
      }[];
      readonly apRange: number | null;
      readonly recall: readonly { iou: number; recall: number; positiveIds: number[] }[];
    }[];
  }
  const golden = JSON.parse(
    readFileSync(new URL('goldens/matterport-metrics.json', import.meta.url), 'utf8'),
  ) as Golden;
  const columns = ({ rects, boxes, classIds }: Drawn): Instances => ({
    boxes: flat(boxes),
    classIds,
    masks: rects.map((rect) => filled(golden.size, rect)),
  });
  const close = (values: Numbers) =>
    values.map((value): unknown => (value === null ? NaN : expect.closeTo(value, 9)));

  test.each(golden.cases)('agree on $name', ({ truth, predictions, ...expected }) => {
    const gt = columns(truth);
    const pred = { ...columns(predictions), scores: predictions.scores };
    for (const { iouThreshold, scoreThreshold, ...wanted } of expected.matches) {
      const found = computeMatches(gt, pred, { iouThreshold, scoreThreshold });
      expect([...found.gtMatch]).toEqual(wanted.gtMatch);
      expect([...found.predMatch]).toEqual(wanted.predMatch);
      expect([...found.overlaps]).toEqual(close(wanted.overlaps));
    }
    for (const { iouThreshold, ap, precisions, recalls } of expected.ap) {
      const found = computeAp(gt, pred, iouThreshold);
      expect([found.ap]).toEqual(close([ap]));
      expect([...found.precisions]).toEqual(close(precisions));
      expect([...found.recalls]).toEqual(close(recalls));
    }
    expect([computeApRange(gt, pred)]).toEqual(close([expected.apRange]));
    const recall = (iou: number) => computeRecall(flat(predictions.rects), flat(truth.rects), iou);
    for (const { iou, ...wanted } of expected.recall) expect(recall(iou)).toEqual(wanted);
    // Where the reference stops with numpy's "zero-size array", so do we, in words.
    if (expected.recall.length === 0) expect(() => recall(0.5)).toThrow(/without a box/);
  });
});

describe('what the metrics are given', () => {
  const mask = filled(8, [1, 1, 5, 5]);
  const one = { box: [1, 1, 5, 5], classId: 1, mask } as const;
  const truth = instanceColumns([one]);

  test('lists of instances and detections become columns', () => {
    const predictions = detectionColumns([{ ...one, score: 0.9 }]);
    expect(predictions).toEqual({
      boxes: Float64Array.of(1, 1, 5, 5),
      classIds: [1],
      masks: [mask],
      scores: [0.9],
    });
    expect(computeAp(truth, predictions).ap).toBe(1);
  });

  test('masks of different sizes, too few scores and no thresholds are refused with the values', () => {
    const other = { ...one, mask: filled(9, [1, 1, 5, 5]), score: 1 };
    expect(() => computeMatches(truth, detectionColumns([other]))).toThrow(/81 pixels.*another 64/);
    const short = { ...detectionColumns([{ ...one, score: 1 }]), scores: [] };
    expect(() => computeMatches(truth, short)).toThrow(/predicted scores: 0 for 1 boxes/);
    expect(() => computeApRange(truth, detectionColumns([]), [])).toThrow(/no IoU thresholds/);
  });
});

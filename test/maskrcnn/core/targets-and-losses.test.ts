/** Detection targets, the five losses, L2, clipping and momentum on small inputs. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { detectionTargets } from '../../../maskrcnn/training/detection-targets.ts';
import * as losses from '../../../maskrcnn/training/losses.ts';
import { clipFactor, globalNorm, momentumUpdate } from '../../../maskrcnn/training/optimizer.ts';
import { learningRateAt } from '../../../maskrcnn/training/schedule.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared } from '../../support/shared.ts';
import { maxDifference, Reference, referenceConfig } from './reference.ts';

interface TargetCase {
  readonly proposals: number[][];
  readonly gt_class_ids: number[];
  readonly gt_boxes_normalised: number[][];
  readonly train_rois_per_image: number;
  readonly positive_ratio: number;
  readonly positives: number;
  readonly non_zero_rois: number;
  readonly rois: number[][];
  readonly class_ids: number[];
  readonly deltas: number[][];
}

interface UtilsReference {
  readonly losses: {
    readonly smooth_l1: { y_true: number[]; y_pred: number[]; out: number[] };
    readonly rpn_class: { rpn_match: number[][][]; logits: number[][][]; loss: number };
    readonly rpn_bbox: {
      target_bbox: number[][][];
      rpn_match: number[][][];
      rpn_bbox: number[][][];
      loss: number;
    };
    readonly mrcnn_class: {
      target_class_ids: number[][];
      logits: number[][][];
      active_class_ids: number[][];
      loss: number;
      all_active: number;
    };
    readonly mrcnn_bbox: {
      target_bbox: number[][][];
      target_class_ids: number[][];
      pred_bbox: number[][][][];
      loss: number;
    };
    readonly mrcnn_mask: {
      target_masks: number[][][][];
      target_class_ids: number[][];
      pred_masks: number[][][][][];
      loss: number;
      'loss_without_the_two_saturated_pixels (0 -> 0.25, 1 -> 0.75 in pred_masks[0,0,0,0:2])': number;
    };
  };
  readonly layers: Readonly<
    Record<
      'detection_targets_graph, full masks' | 'detection_targets_graph, mini masks',
      TargetCase
    >
  >;
}

describeWithShared('against the reference', 'parity/utils.json', () => {
  const reference = new Reference<UtilsReference>('utils');
  const cases = reference.json.losses;
  const ids = (values: number[][]) => tf.tensor2d(values, undefined, 'int32');
  const match = (values: number[][][]) => ids(values.map((image) => image.flat()));
  const value = (fn: () => tf.Tensor) => tf.tidy(() => fn().dataSync()[0]);
  const expectLoss = (quantity: string, loss: number | undefined, golden: number) =>
    expectDeviation({
      part: 'utilities',
      quantity,
      deviation: Math.abs((loss ?? Number.NaN) - golden),
      tolerance: 1e-5,
    });

  it('smooth L1', () => {
    const { y_true, y_pred, out } = cases.smooth_l1;
    tf.tidy(() => {
      const loss = losses.smoothL1(tf.tensor1d(y_true.flat()), tf.tensor1d(y_pred.flat()));
      expectDeviation({
        part: 'utilities',
        quantity: 'smooth_l1_loss',
        deviation: maxDifference(loss.dataSync(), out.flat()),
        tolerance: 1e-6,
      });
    });
  });

  it('RPN class loss; 0 when every anchor is neutral', () => {
    const { rpn_match, logits, loss } = cases.rpn_class;
    expectLoss(
      'rpn_class_loss',
      value(() => losses.rpnClassLoss(match(rpn_match), tf.tensor3d(logits))),
      loss,
    );
    const neutral = () => tf.zerosLike(match(rpn_match));
    expect(value(() => losses.rpnClassLoss(neutral(), tf.tensor3d(logits)))).toBeCloseTo(0, 9);
  });

  it('RPN box loss; 0 when no anchor is positive', () => {
    const { target_bbox, rpn_match, rpn_bbox, loss } = cases.rpn_bbox;
    const [targets, deltas] = [() => tf.tensor3d(target_bbox), () => tf.tensor3d(rpn_bbox)];
    expectLoss(
      'rpn_bbox_loss',
      value(() => losses.rpnBboxLoss(targets(), match(rpn_match), deltas())),
      loss,
    );
    const none = () => tf.zerosLike(match(rpn_match));
    expect(value(() => losses.rpnBboxLoss(targets(), none(), deltas()))).toBeCloseTo(0, 9);
  });

  it('class loss, with and without inactive classes', () => {
    const { target_class_ids, logits, active_class_ids, loss, all_active } = cases.mrcnn_class;
    const inputs = () => [ids(target_class_ids), tf.tensor3d(logits)] as const;
    expectLoss(
      'mrcnn_class_loss',
      value(() => losses.mrcnnClassLoss(...inputs())),
      all_active,
    );
    expectLoss(
      'mrcnn_class_loss',
      value(() => losses.mrcnnClassLoss(...inputs(), tf.tensor2d(active_class_ids))),
      loss,
    );
  });

  it('box loss', () => {
    const { target_bbox, target_class_ids, pred_bbox, loss } = cases.mrcnn_bbox;
    const inputs = () =>
      [tf.tensor3d(target_bbox), ids(target_class_ids), tf.tensor4d(pred_bbox)] as const;
    expectLoss(
      'mrcnn_bbox_loss',
      value(() => losses.mrcnnBboxLoss(...inputs())),
      loss,
    );
  });

  it('mask loss, with and without saturated pixels', () => {
    const { target_masks, target_class_ids, pred_masks, loss } = cases.mrcnn_mask;
    const mask = (predictions: number[][][][][]) =>
      value(() => {
        const chosen = tf.oneHot(ids(target_class_ids), predictions[0]?.[0]?.[0]?.[0]?.length ?? 0);
        const ofClass = tf.mul(tf.tensor5d(predictions), chosen.expandDims(2).expandDims(2));
        const probabilities = tf.sum<tf.Tensor4D>(ofClass, -1);
        return losses.mrcnnMaskLoss(
          tf.tensor4d(target_masks),
          ids(target_class_ids),
          probabilities,
        );
      });
    // How far a saturated pixel counts depends on the engine's rounding of 1 - 1e-7: a looser bound.
    expect(mask(pred_masks)).toBeCloseTo(loss, 2);
    const soft = structuredClone(pred_masks);
    const [first, second] = soft[0]?.[0]?.[0] ?? [];
    const replace = (row: number[] | undefined) =>
      row?.forEach((p, i) => {
        if (p === 0) row[i] = 0.25;
        if (p === 1) row[i] = 0.75;
      });
    replace(first);
    replace(second);
    expectLoss(
      'mrcnn_mask_loss',
      mask(soft),
      cases.mrcnn_mask[
        'loss_without_the_two_saturated_pixels (0 -> 0.25, 1 -> 0.75 in pred_masks[0,0,0,0:2])'
      ],
    );
  });

  it.each(['full', 'mini'] as const)(
    'detection targets with %s masks, a crowd and padding',
    (kind) => {
      const expected = reference.json.layers[`detection_targets_graph, ${kind} masks`];
      const config = referenceConfig({
        trainRoisPerImage: expected.train_rois_per_image,
        roiPositiveRatio: expected.positive_ratio,
        useMiniMask: kind === 'mini',
      });
      tf.tidy(() => {
        const count = expected.proposals.length;
        const targets = detectionTargets({
          config,
          proposals: tf.tensor3d([expected.proposals]),
          gtClassIds: tf.tensor2d([expected.gt_class_ids], undefined, 'int32'),
          gtBoxes: tf.tensor3d([expected.gt_boxes_normalised]),
          gtMasks: tf.cast(
            reference.tensor(`detection_targets_gt_masks_${kind}`, tf.Rank.R3).expandDims(0),
            'float32',
          ),
          // Falling keys take the proposals in their own order, as the golden rows are sorted.
          roiKeys: tf
            .range(count, 0, -1)
            .div<tf.Tensor1D>(count + 1)
            .expandDims(0),
        });
        const { positives, non_zero_rois: rows } = expected;
        const slots = targets.deltas.shape[1];
        const rois = targets.rois.squeeze<tf.Tensor2D>([0]);
        const used = tf.concat([
          tf.slice(rois, 0, positives),
          tf.slice(rois, slots, rows - positives),
        ]);
        expectDeviation({
          part: 'utilities',
          quantity: 'detection_targets_graph: rois',
          deviation: maxDifference(used.dataSync(), expected.rois.flat()),
          tolerance: 1e-5,
        });
        expect(tf.sum(tf.sign(tf.sum(tf.abs(rois), 1))).dataSync()[0]).toBe(rows);
        const classIds = Array.from(targets.classIds.dataSync());
        expect(classIds.slice(0, positives)).toEqual(expected.class_ids.slice(0, positives));
        expect(classIds.slice(positives).every((id) => id === 0)).toBe(true);
        const deltas = tf.slice(targets.deltas, 0, [1, positives]).dataSync();
        expectDeviation({
          part: 'utilities',
          quantity: 'detection_targets_graph: deltas',
          deviation: maxDifference(deltas, expected.deltas.slice(0, positives).flat()),
          tolerance: 1e-5,
        });
        const masks = tf.slice(targets.masks, 0, [1, positives]).dataSync();
        const golden = reference.array(`detection_targets_masks_${kind}`);
        expectDeviation({
          part: 'utilities',
          quantity: 'detection_targets_graph: masks',
          deviation: maxDifference(masks, golden),
          tolerance: 0,
        });
      });
    },
  );
});

describe('detection targets', () => {
  const config = referenceConfig({ trainRoisPerImage: 12, useMiniMask: false });
  const targetsOf = (keys: number[], classId: number) =>
    tf.tidy(() => {
      const positive = [0.1, 0.1, 0.5, 0.5];
      const negative = [0.6, 0.6, 0.9, 0.9];
      const targets = detectionTargets({
        config,
        proposals: tf.tensor3d([[positive, positive, positive, negative, negative, [0, 0, 0, 0]]]),
        gtClassIds: tf.tensor2d([[classId, 0]], undefined, 'int32'),
        gtBoxes: tf.tensor3d([[positive, [0, 0, 0, 0]]]),
        gtMasks: tf.ones([1, 32, 32, 2]),
        roiKeys: tf.tensor2d([keys]),
      });
      return {
        classIds: Array.from(targets.classIds.dataSync()),
        rois: targets.rois.arraySync()[0] ?? [],
        finite: [targets.deltas, targets.masks].every((t) =>
          Array.from(t.dataSync()).every(Number.isFinite),
        ),
      };
    });

  it('copes with fewer proposals than slots', () => {
    const { classIds, rois, finite } = targetsOf([0.1, 0.2, 0.3, 0.4, 0.5, 0.9], 1);
    expect(classIds).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    expect(rois.slice(3, 6).map((roi) => roi[0])).toEqual([
      expect.closeTo(0.6),
      expect.closeTo(0.6),
      0,
    ]);
    expect(finite).toBe(true);
  });

  it('without an instance every slot is empty, and nothing is NaN', () => {
    const { classIds, rois, finite } = targetsOf([0.1, 0.2, 0.3, 0.4, 0.5, 0.9], 0);
    expect(classIds.every((id) => id === 0)).toBe(true);
    expect(rois.flat().every((coordinate) => coordinate === 0)).toBe(true);
    expect(finite).toBe(true);
  });
});

describe('optimizer', () => {
  it('clips by the norm of all gradients together, and moves by momentum', () => {
    tf.tidy(() => {
      const gradients = [tf.tensor1d([3, 0]), tf.tensor1d([4])];
      const norm = globalNorm(gradients);
      expect(norm.dataSync()[0]).toBeCloseTo(5, 6);
      expect(clipFactor(norm, 2.5).dataSync()[0]).toBeCloseTo(0.5, 6);
      expect(clipFactor(norm, 10).dataSync()[0]).toBe(1);
      expect(clipFactor(norm, 0).dataSync()[0]).toBe(1);
      const next = momentumUpdate({
        weight: tf.tensor1d([1]),
        velocity: tf.tensor1d([0.5]),
        gradient: tf.tensor1d([4]),
        rate: tf.scalar(0.1),
        momentum: 0.9,
      });
      expect(next.velocity.dataSync()[0]).toBeCloseTo(0.05, 6);
      expect(next.weight.dataSync()[0]).toBeCloseTo(1.05, 6);
    });
  });

  it('class loss: 0, and no gradient, where no predicted class is active', () => {
    const before = tf.memory().numTensors;
    tf.tidy(() => {
      const classIds = tf.tensor2d([[1, 0]], [1, 2], 'int32');
      const active = tf.tensor2d([[1, 0, 1]], [1, 3], 'int32');
      const logits = tf.tensor3d([0, 2, 1, 0, 3, 1], [1, 2, 3]);
      const loss = (x: tf.Tensor) => losses.mrcnnClassLoss(classIds, x as tf.Tensor3D, active);
      expect(loss(logits).dataSync()[0]).toBeCloseTo(0);
      expect([...tf.grad(loss)(logits).dataSync()].map(Math.abs)).toEqual(Array(6).fill(0));
    });
    expect(tf.memory().numTensors).toBe(before);
  });

  it('learning rate: warm-up, constant, cosine', () => {
    const schedule = { learningRate: 1, warmupSteps: 4, totalSteps: 14 };
    const rates = [0, 3, 4, 9, 14].map((step) =>
      learningRateAt({ ...schedule, schedule: 'cosine' }, step),
    );
    expect(rates).toEqual([0.25, 1, 1, expect.closeTo(0.5), expect.closeTo(0)]);
    expect(learningRateAt({ ...schedule, schedule: 'constant' }, 13)).toBe(1);
  });
});

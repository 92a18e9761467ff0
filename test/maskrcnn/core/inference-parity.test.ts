/** Every stage of the network against Matterport's numbers on one real image at 512 x 512. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { Pyramid } from '../../../maskrcnn/backbone/fpn.ts';
import { resnet } from '../../../maskrcnn/backbone/resnet.ts';
import { refineDetections } from '../../../maskrcnn/detection/refine.ts';
import { unmoldDetections } from '../../../maskrcnn/detector.ts';
import { classHead } from '../../../maskrcnn/heads/class-head.ts';
import { maskHead, masksOfClasses } from '../../../maskrcnn/heads/mask-head.ts';
import { inferencePass } from '../../../maskrcnn/layers/forward-pass.ts';
import { featurePyramid } from '../../../maskrcnn/backbone/fpn.ts';
import { pyramidRoiAlign } from '../../../maskrcnn/layers/roi-align.ts';
import { regionScores } from '../../../maskrcnn/model.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { proposals } from '../../../maskrcnn/rpn/proposals.ts';
import { loadWeights } from '../../../maskrcnn/weights/load.ts';
import { describeWithShared, sharedPath } from '../../support/shared.ts';
import {
  maxDifference,
  Reference,
  referenceConfig,
  referenceImage,
  sampledDifference,
  type Sampled,
} from './reference.ts';

interface InferenceReference {
  readonly sampled: Readonly<Record<string, Sampled>>;
  readonly detect: readonly {
    rois: number[][];
    class_ids: number[];
    scores: number[];
  }[];
}

describeWithShared('inference against the reference', 'parity/inference.json', () => {
  const config = referenceConfig();
  const imageSize = [512, 512] as const;
  const reference = new Reference<InferenceReference>('inference');
  const parameters = Parameters.initialise(config, 1);
  const pass = inferencePass(parameters);
  let stages: tf.Tensor4D[] = [];
  let pyramid: Pyramid;

  const sampled = (tensor: tf.Tensor, name: string) => {
    const sample = reference.json.sampled[name];
    if (sample === undefined) throw new Error(`no sampled tensor ${name}`);
    return sampledDifference(tensor, sample);
  };
  const scoped = (fn: () => void) => () => {
    tf.engine().startScope();
    try {
      fn();
    } finally {
      tf.engine().endScope();
    }
  };

  beforeAll(async () => {
    await loadWeights(parameters, sharedPath('parity/mask_rcnn_r50_2class.h5'), { strict: true });
    const image = await referenceImage(config);
    stages = resnet(pass, config.backbone, image);
    pyramid = featurePyramid(pass, stages);
    image.dispose();
  });

  afterAll(() => {
    tf.dispose([...stages, ...pyramid.levels, pyramid.p6]);
    parameters[Symbol.dispose]();
  });

  it.each([2, 3, 4, 5])('C%i and P%i of the backbone', (level) => {
    expect(sampled(stages[level - 2] as tf.Tensor, `C${String(level)}`)).toBeLessThan(5e-4);
    expect(sampled(pyramid.levels[level - 2] as tf.Tensor, `P${String(level)}`)).toBeLessThan(5e-4);
  });

  it(
    'P6 and the RPN on every level',
    scoped(() => {
      const rpn = regionScores(pass, config, pyramid);
      expect(sampled(pyramid.p6, 'P6')).toBeLessThan(5e-4);
      expect(sampled(rpn.logits, 'rpn_class_logits')).toBeLessThan(5e-4);
      expect(sampled(rpn.deltas, 'rpn_bbox')).toBeLessThan(5e-4);
    }),
  );

  it(
    'proposals from golden scores: the same anchors in the same order',
    scoped(() => {
      const probabilities = reference.tensor('rpn_class', tf.Rank.R3);
      const result = proposals({
        config,
        scores: tf.slice(probabilities, [0, 0, 1], [1, -1, 1]).reshape([1, -1]),
        deltas: reference.tensor('rpn_bbox', tf.Rank.R3),
        anchors: reference.tensor('anchors', tf.Rank.R2),
        count: config.postNmsRoisInference,
      });
      const indices = Array.from(reference.array('proposal_anchor_index'));
      expect(Array.from(result.anchorIndices.dataSync())).toEqual(indices);
      const boxes = reference.array('proposals');
      expect(maxDifference(result.boxes.dataSync(), boxes)).toBeLessThan(1e-5);
    }),
  );

  it(
    'RoIAlign and the class head on golden proposals',
    scoped(() => {
      const rois = reference.tensor('proposals', tf.Rank.R3);
      const align = { rois, imageSize, poolSize: config.poolSize };
      const crops = pyramidRoiAlign(pyramid.levels, align);
      expect(sampled(crops, 'roi_align_classifier')).toBeLessThan(1e-3);
      const head = classHead(pass, pyramid.levels, align);
      const [logits, deltas] = [
        reference.array('mrcnn_class_logits'),
        reference.array('mrcnn_bbox'),
      ];
      expect(maxDifference(head.logits.dataSync(), logits)).toBeLessThan(1e-3);
      expect(maxDifference(head.deltas.dataSync(), deltas)).toBeLessThan(1e-3);
    }),
  );

  it(
    'detections from golden scores, and their boxes in pixels',
    scoped(() => {
      const detections = refineDetections({
        config,
        rois: reference.tensor('proposals', tf.Rank.R3),
        probabilities: reference.tensor('mrcnn_class', tf.Rank.R3),
        deltas: reference.tensor('mrcnn_bbox', tf.Rank.R4),
        windows: tf.tensor2d([[0, 0, 1, 1]]),
      });
      const golden = reference.array('detections');
      expect(maxDifference(detections.dataSync(), golden)).toBeLessThan(1e-5);

      const boxes = tf.slice(detections, [0, 0, 0], [1, config.detectionMaxInstances, 4]);
      const classIds = tf.slice(detections, [0, 0, 4], [1, -1, 1]).reshape<tf.Tensor2D>([1, -1]);
      const align = { rois: boxes, imageSize, poolSize: config.maskPoolSize };
      const logits = maskHead(pass, pyramid.levels, align);
      expect(sampled(tf.sigmoid(logits), 'mrcnn_mask')).toBeLessThan(2e-3);

      const masks = tf.sigmoid(masksOfClasses(logits, classIds)).dataSync<'float32'>();
      const found = unmoldDetections(
        { detections: golden, masks },
        { size: imageSize, window: [0, 0, 512, 512], maskSize: [28, 28], imageSize },
      );
      const [expected] = reference.json.detect;
      expect(found.map(({ box }) => box)).toEqual(expected?.rois);
      expect(found.map(({ classId }) => classId)).toEqual(expected?.class_ids);
      const truth = reference.unpacked('detect0_masks_packed', 512 * 512);
      const overlaps = found.map(({ mask }, row) => overlapOf(mask, truth, row * mask.length));
      expect(Math.min(...overlaps)).toBeGreaterThan(0.99);
    }),
  );
});

function overlapOf(mask: Uint8Array, truth: Float32Array, offset: number): number {
  let intersection = 0;
  let union = 0;
  mask.forEach((inside, i) => {
    const other = truth[offset + i] ?? 0;
    intersection += inside & other;
    union += inside | other;
  });
  return union === 0 ? 1 : intersection / union;
}

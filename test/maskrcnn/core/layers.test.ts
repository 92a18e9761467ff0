/** Layers on small inputs: against Matterport's numbers, and gradients against finite differences. */
import { describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { refineDetections } from '../../../maskrcnn/detection/refine.ts';
import { cropAndResize } from '../../../maskrcnn/layers/crop-and-resize.ts';
import { noTape } from '../../../maskrcnn/layers/no-tape.ts';
import { relu } from '../../../maskrcnn/layers/relu.ts';
import { pyramidRoiAlign } from '../../../maskrcnn/layers/roi-align.ts';
import { proposals } from '../../../maskrcnn/rpn/proposals.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared } from '../../support/shared.ts';
import { maxDifference, Reference, referenceConfig } from './reference.ts';

describe('gradients', () => {
  it('crop-and-resize: the gradient to the image is that of finite differences', () => {
    tf.tidy(() => {
      const boxes = tf.tensor2d([
        [0.1, 0.2, 0.8, 0.9],
        [-0.2, 0.3, 0.5, 1.3],
        [0, 0, 1, 1],
      ]);
      const boxIndices = tf.tensor1d([0, 1, 1], 'int32');
      const weights = tf.randomUniform([3, 4, 3, 2], -1, 1, 'float32', 3);
      const image = tf.randomUniform<tf.Rank.R4>([2, 5, 6, 2], -1, 1, 'float32', 4);
      const value = (x: tf.Tensor): tf.Scalar => {
        const options = { boxes, boxIndices, cropSize: [4, 3] as [number, number] };
        return tf.sum(tf.mul(cropAndResize(x as tf.Tensor4D, options), weights));
      };
      const analytic = tf.grad(value)(image).dataSync();
      const step = 0.5;
      const numeric = Array.from({ length: image.size }, (_, index) => {
        const bump = tf.oneHot([index], image.size, step, 0, 'float32').reshape(image.shape);
        const difference = tf.sub(value(tf.add(image, bump)), value(tf.sub(image, bump)));
        return (difference.dataSync()[0] ?? Number.NaN) / (2 * step);
      });
      // The crop is linear in the image, so that a large step is exact up to rounding.
      expect(maxDifference(analytic, numeric)).toBeLessThan(1e-5);
    });
  });

  it('relu passes the gradient where its input is positive', () => {
    tf.tidy(() => {
      const gradient = tf.grad((x: tf.Tensor) => tf.sum(tf.mul(relu(x), [3, 4, 5])));
      expect(Array.from(gradient(tf.tensor1d([-1, 0, 2])).dataSync())).toEqual([0, 0, 5]);
    });
  });

  it('noTape makes a constant, and puts the tape back after a throw', () => {
    tf.tidy(() => {
      const gradient = tf.grad((x: tf.Tensor) => {
        expect(() =>
          noTape(() => {
            throw new Error('inside');
          }),
        ).toThrow('inside');
        return tf.sum(
          tf.mul(
            x,
            noTape(() => tf.square(x)),
          ),
        );
      });
      expect(Array.from(gradient(tf.tensor1d([3])).dataSync())).toEqual([9]);
    });
  });
});

interface LayerReference {
  readonly layers: {
    readonly PyramidROIAlign: { rois: number[][][] };
    readonly DetectionLayer: DetectionCase;
    readonly ProposalLayer_count10: ProposalCase;
    readonly ProposalLayer_count50: ProposalCase;
  };
}

interface ProposalCase {
  readonly proposal_count: number;
  readonly rpn_probs: number[][][];
  readonly rpn_bbox: number[][][];
  readonly anchors: number[][][];
  readonly out: number[][][];
}

interface DetectionCase {
  readonly rois: number[][][];
  readonly probs: number[][][];
  readonly deltas: number[][][][];
  readonly windows_px: number[][];
  readonly out: number[][][];
}

describeWithShared('layers on a batch of two against the reference', 'parity/utils.json', () => {
  const reference = new Reference<LayerReference>('utils');
  const { layers } = reference.json;

  it('PyramidROIAlign', () => {
    tf.tidy(() => {
      const levels = [2, 3, 4, 5].map((level) =>
        reference.tensor(`roi_align_features_P${String(level)}`, tf.Rank.R4),
      );
      const rois = tf.tensor3d(layers.PyramidROIAlign.rois);
      const crops = pyramidRoiAlign(levels, { rois, imageSize: [256, 256], poolSize: 7 });
      const golden = reference.array('roi_align_out');
      expectDeviation({
        part: 'utilities',
        quantity: 'PyramidROIAlign',
        deviation: maxDifference(crops.dataSync(), golden),
        tolerance: 1e-5,
      });
    });
  });

  it.each(['ProposalLayer_count10', 'ProposalLayer_count50'] as const)('%s', (name) => {
    tf.tidy(() => {
      const { rpn_probs, rpn_bbox, anchors, out, proposal_count: count } = layers[name];
      const scores = tf.tensor3d(rpn_probs);
      const config = referenceConfig({ preNmsLimit: 40, rpnNmsThreshold: 0.5 });
      // One set of anchors is shared by the batch: run the images one by one, each with its own.
      out.forEach((expected, image) => {
        const boxes = proposals({
          config,
          scores: tf.slice(scores, [image, 0, 1], [1, -1, 1]).reshape([1, -1]),
          deltas: tf.tensor3d([rpn_bbox[image] ?? []]),
          anchors: tf.tensor2d(anchors[image] ?? []),
          count,
        }).boxes;
        expect(boxes.shape).toEqual([1, count, 4]);
        expectDeviation({
          part: 'utilities',
          quantity: 'ProposalLayer',
          deviation: maxDifference(boxes.dataSync(), expected.flat()),
          tolerance: 1e-5,
        });
      });
    });
  });

  it('DetectionLayer: four classes, two windows', () => {
    tf.tidy(() => {
      const { rois, probs, deltas, windows_px, out } = layers.DetectionLayer;
      const config = referenceConfig({
        numClasses: 4,
        detectionMinConfidence: 0.4,
        detectionMaxInstances: 8,
      });
      const windows = windows_px.map(([y1 = 0, x1 = 0, y2 = 0, x2 = 0]) =>
        [y1, x1, y2 - 1, x2 - 1].map((value) => value / 255),
      );
      const detections = refineDetections({
        config,
        rois: tf.tensor3d(rois),
        probabilities: tf.tensor3d(probs),
        deltas: tf.tensor4d(deltas),
        windows: tf.tensor2d(windows),
      });
      expectDeviation({
        part: 'utilities',
        quantity: 'DetectionLayer',
        deviation: maxDifference(detections.dataSync(), out.flat(2)),
        tolerance: 1e-5,
      });
    });
  });
});

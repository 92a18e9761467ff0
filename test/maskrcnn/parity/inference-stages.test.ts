/**
 * Each stage of inference against Matterport's numbers, from the golden output of the stage before wherever
 * that one makes a choice. Tolerances: ../shared/parity/README.md, the first two columns of its table.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { featurePyramid, type Pyramid } from '../../../maskrcnn/backbone/fpn.ts';
import { bottleneck, resnet, stem } from '../../../maskrcnn/backbone/resnet.ts';
import { pyramidAnchors } from '../../../maskrcnn/boxes/anchors.ts';
import { normBoxes } from '../../../maskrcnn/boxes/normalisation.ts';
import { fitAsReference, sizeOfBatch } from '../../../maskrcnn/detection/fit-image.ts';
import { refineDetections } from '../../../maskrcnn/detection/refine.ts';
import { classHead } from '../../../maskrcnn/heads/class-head.ts';
import { maskHead } from '../../../maskrcnn/heads/mask-head.ts';
import { composeImageMeta, moldImage } from '../../../maskrcnn/image/mold.ts';
import type { PixelImage, ResizedImage } from '../../../maskrcnn/image/resize-image.ts';
import { convolution, convolutionNorm } from '../../../maskrcnn/layers/convolution.ts';
import { inferencePass } from '../../../maskrcnn/layers/forward-pass.ts';
import { pyramidRoiAlign, roiLevel } from '../../../maskrcnn/layers/roi-align.ts';
import { regionScores } from '../../../maskrcnn/model.ts';
import { proposals } from '../../../maskrcnn/rpn/proposals.ts';
import type { Size } from '../../../maskrcnn/shapes.ts';
import { describeInferenceSets, scoped } from './inference-set.ts';

describeInferenceSets('inference, stage by stage', (set) => {
  const { config, parameters, reference } = set;
  const pass = inferencePass(parameters);
  let images: PixelImage[] = [];
  let fitted: ResizedImage[] = [];
  let size: Size = [0, 0];
  let molded: tf.Tensor4D;
  let stages: tf.Tensor4D[] = [];
  let pyramid: Pyramid;

  const windows = () =>
    tf.tensor2d(normBoxes(Float64Array.from(reference.json.window_px.flat()), size), [
      images.length,
      4,
    ]);
  const align = (rois: tf.Tensor3D, poolSize: number) => ({ rois, imageSize: size, poolSize });

  beforeAll(async () => {
    images = await set.load();
    fitted = images.map((image) => fitAsReference(image, config));
    size = sizeOfBatch(fitted);
    molded = set.mold(set.fit(images));
    stages = resnet(pass, config.backbone, molded);
    pyramid = featurePyramid(pass, stages);
  });

  afterAll(() => {
    tf.dispose([molded, ...stages, ...pyramid.levels, pyramid.p6]);
    set[Symbol.dispose]();
  });

  it('the molded image, its window and its meta data', () => {
    expect(fitted.map(({ window }) => window)).toEqual(reference.json.window_px);
    const meta = fitted.map(({ window, scale }, index) => {
      const { height = 0, width = 0 } = images[index] ?? {};
      return composeImageMeta({
        imageId: 0,
        originalSize: [height, width],
        size,
        window,
        scale,
        activeClassIds: Array.from({ length: config.numClasses }, () => 0),
      });
    });
    const different = meta
      .flat()
      .filter((value, i) => value !== reference.json.image_meta.flat()[i]);
    set.expect({
      quantity: 'image_meta',
      deviation: different.length,
      tolerance: 0,
      unit: 'values that differ',
    });
    const { index, values } = reference.json.sampled['molded'] ?? { index: [], values: [] };
    const ours = fitted.flatMap(({ pixels }) => [...moldImage(pixels, config)]);
    const differences = index.map((i, row) => Math.abs((ours[i] ?? NaN) - (values[row] ?? NaN)));
    const off = differences.filter((difference) => !(difference < 1e-4));
    expect(Math.max(...differences)).toBeLessThan(1.0001);
    set.expect({
      quantity: 'molded image (200 values): grey levels that are one off',
      deviation: off.length / differences.length,
      tolerance: fitted.every(({ scale }) => scale === 1) ? 0 : 0.02,
      unit: 'share of pixels',
    });
  });

  it('the anchors', () => {
    const anchors = tf.tensor1d(pyramidAnchors(config, size));
    set.expectTensor('anchors', anchors, 1e-6);
    anchors.dispose();
  });

  it(
    'the stem and the first block',
    scoped(() => {
      const padded = tf.pad(molded, [
        [0, 0],
        [3, 3],
        [3, 3],
        [0, 0],
      ]);
      const options = { stride: 2, padding: 'valid' } as const;
      set.expectSampled('conv1', convolution(pass, 'conv1', padded, options), 5e-4);
      const names = { layer: 'conv1', norm: 'bn_conv1' };
      set.expectSampled('bn_conv1', convolutionNorm(pass, names, padded, options), 5e-4);
      const pooled = stem(pass, molded);
      set.expectSampled('maxpool', pooled, 5e-4);
      const block = { name: '2a_branch', stride: 1, project: true };
      set.expectSampled('res2a_out', bottleneck(pass, block, pooled), 5e-4);
    }),
  );

  it('C2 to C5 of the backbone, P2 to P6 of the pyramid', () => {
    stages.forEach((stage, i) => set.expectSampled(`C${String(i + 2)}`, stage, 5e-4));
    [...pyramid.levels, pyramid.p6].forEach((level, i) =>
      set.expectSampled(`P${String(i + 2)}`, level, 5e-4),
    );
  });

  it(
    'the RPN on every level',
    scoped(() => {
      const { logits, deltas } = regionScores(pass, config, pyramid);
      set.expectTensor('rpn_class_logits', logits, 5e-4);
      set.expectTensor('rpn_class', tf.softmax(logits), 5e-4);
      set.expectTensor('rpn_bbox', deltas, 5e-4);
    }),
  );

  it(
    'proposals from golden scores: the same anchors in the same order',
    scoped(() => {
      const scores = tf.unstack(reference.tensor('rpn_class', tf.Rank.R3), 2)[1] as tf.Tensor2D;
      const result = proposals({
        config,
        scores,
        deltas: reference.tensor('rpn_bbox', tf.Rank.R3),
        anchors: reference.tensor('anchors', tf.Rank.R2),
        count: config.postNmsRoisInference,
      });
      const indices = reference.array('proposal_anchor_index');
      const ours = result.anchorIndices.dataSync();
      // Padding is -1 in the files and 0 here.
      const different = indices.filter((index, i) => ours[i] !== Math.max(index, 0));
      set.expect({
        quantity: 'anchors of the proposals, from golden scores',
        deviation: different.length,
        tolerance: 0,
        unit: 'values that differ',
      });
      set.expectTensor('proposals', result.boxes, 1e-5);
    }),
  );

  it(
    'RoIAlign and the class head on golden proposals',
    scoped(() => {
      const rois = reference.tensor('proposals', tf.Rank.R3);
      const levels = roiLevel(rois.reshape([-1, 4]), size).dataSync();
      const golden = reference.array('proposal_fpn_level');
      set.expect({
        quantity: 'pyramid levels of the proposals',
        deviation: golden.filter((level, i) => level !== levels[i]).length,
        tolerance: 0,
        unit: 'values that differ',
      });
      const options = align(rois, config.poolSize);
      set.expectSampled('roi_align_classifier', pyramidRoiAlign(pyramid.levels, options), 5e-4);
      const head = classHead(pass, pyramid.levels, options);
      set.expectTensor('mrcnn_class_logits', head.logits, 5e-4);
      set.expectTensor('mrcnn_class', tf.softmax(head.logits), 5e-4);
      set.expectTensor('mrcnn_bbox', head.deltas, 5e-4);
    }),
  );

  it(
    'detections from golden scores',
    scoped(() => {
      const detections = refineDetections({
        config,
        rois: reference.tensor('proposals', tf.Rank.R3),
        probabilities: reference.tensor('mrcnn_class', tf.Rank.R3),
        deltas: reference.tensor('mrcnn_bbox', tf.Rank.R4),
        windows: windows(),
      });
      set.expectTensor('detections', detections, 1e-5);
    }),
  );

  it(
    'masks of golden detections',
    scoped(() => {
      const detections = reference.tensor('detections', tf.Rank.R3);
      const boxes = tf.slice(detections, 0, [images.length, config.detectionMaxInstances, 4]);
      const options = align(boxes, config.maskPoolSize);
      set.expectSampled('roi_align_mask', pyramidRoiAlign(pyramid.levels, options), 5e-4);
      const masks = tf.sigmoid(maskHead(pass, pyramid.levels, options));
      set.expectSampled('mrcnn_mask', masks, 5e-4);
      const shown = Math.min(8, config.detectionMaxInstances);
      set.expectTensor('mrcnn_mask_first', tf.slice(masks, 0, [images.length, shown]), 5e-4);
    }),
  );
});

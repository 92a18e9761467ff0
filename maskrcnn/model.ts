/**
 * Mask R-CNN (He et al., 2017) as mrcnn/model.py builds it: backbone and pyramid → region proposals →
 * class, box and mask heads. Pure functions of tensors with static shapes, without host reads or branches
 * on data, so that `graph/` can compile them; `images` are molded, boxes normalised.
 *
 * Differs from the reference in training: targets are constants to the gradient unless
 * `gradientThroughTargets`, and the mask head sees only the RoI slots that can hold a positive, since the
 * others do not enter its loss.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { featurePyramid, type Pyramid } from './backbone/fpn.ts';
import { resnet } from './backbone/resnet.ts';
import type { MaskRcnnConfig } from './config.ts';
import { refineDetections } from './detection/refine.ts';
import { classHead } from './heads/class-head.ts';
import { maskHeadOfUsed } from './heads/mask-head-of-used.ts';
import { maskHead, masksOfClasses } from './heads/mask-head.ts';
import { inferencePass, type ForwardPass } from './layers/forward-pass.ts';
import { noTape } from './layers/no-tape.ts';
import type { Parameters } from './parameters.ts';
import { rpnHeadAt } from './rpn/head-at-anchors.ts';
import { rpnHead, type RpnOutput } from './rpn/head.ts';
import { proposals, type Proposals } from './rpn/proposals.ts';
import {
  detectionTargets,
  type DetectionTargets,
  type GroundTruth,
} from './training/detection-targets.ts';
import type { ModelLosses } from './training/loss-values.ts';
import * as losses from './training/losses.ts';
import { MissingInputRoisError } from './training/errors.ts';
import { sampledAnchors } from './training/sampled-anchors.ts';
import { deltasThroughProposals } from './training/target-gradient.ts';

/** C2…C5 and from them P2…P6. */
export function imagePyramid(
  pass: ForwardPass,
  config: MaskRcnnConfig,
  images: tf.Tensor4D,
): Pyramid {
  return featurePyramid(pass, resnet(pass, config.backbone, images));
}

/** Scores and refinements of every anchor of the pyramid. */
export function regionScores(
  pass: ForwardPass,
  config: MaskRcnnConfig,
  { levels, p6 }: Pyramid,
): RpnOutput {
  return rpnHead(pass, [...levels, p6], config.rpnAnchorStride);
}

/** The best of the refined anchors. */
export function regionProposals(options: {
  readonly config: MaskRcnnConfig;
  readonly rpn: RpnOutput;
  /** `[A, 4]`, normalised. */
  readonly anchors: tf.Tensor2D;
  readonly count: number;
}): Proposals {
  const { config, rpn, anchors, count } = options;
  const [batch, total] = rpn.logits.shape;
  const foreground = tf.slice(tf.softmax(rpn.logits), [0, 0, 1], [batch, total, 1]);
  const scores = foreground.reshape<tf.Tensor2D>([batch, total]);
  return proposals({ config, scores, deltas: rpn.deltas, anchors, count });
}

/** What a training step is fed with, but for its learning rate. */
export interface BatchTensors extends GroundTruth {
  /** `[B, H, W, 3]`, molded. */
  readonly images: tf.Tensor4D;
  /** `[B, A]` int32: 1 positive, -1 negative, 0 neutral. */
  readonly rpnMatch: tf.Tensor2D;
  /** `[B, M, 4]`: deltas of the positive anchors by rising index, zero-padded. */
  readonly rpnBbox: tf.Tensor3D;
  /** `[B, postNmsRoisTraining]`, uniform in 0…1: the choice among the proposals. */
  readonly roiKeys: tf.Tensor2D;
  /** `[B, classes]`, 1 for the classes of the image's data set; all when left out. */
  readonly activeClassIds?: tf.Tensor2D;
  /** `[B, N, 4]`, normalised: RoIs in place of the RPN's proposals, where `useRpnRois` is false. */
  readonly inputRois?: tf.Tensor3D;
}

export interface TrainingForwardOptions {
  readonly pass: ForwardPass;
  readonly config: MaskRcnnConfig;
  readonly batch: BatchTensors;
  readonly anchors: tf.Tensor2D;
  /** Used in place of targets made from the proposals: to compare with recorded runs. */
  readonly targets?: DetectionTargets;
}

/** Images and truth → the five losses. */
export function trainingForward(options: TrainingForwardOptions): ModelLosses {
  const { pass, config, batch, anchors } = options;
  const pyramid = imagePyramid(pass, config, batch.images);
  const targets = options.targets ?? noTape(() => targetsOf({ ...options, pyramid }));
  const sampled = noTape(() => sampledAnchors(batch.rpnMatch, config));
  // Proposals need every anchor, but no gradient; the losses need a gradient, but few anchors.
  const rpnAt = (anchorIndices: tf.Tensor2D): RpnOutput =>
    rpnHeadAt(pass, { config, levels: [...pyramid.levels, pyramid.p6], anchorIndices });
  const rpn = rpnAt(sampled.indices);

  const imageSize = [batch.images.shape[1], batch.images.shape[2]] as const;
  const { levels } = pyramid;
  const { rois } = targets;
  const [count, slots] = [rois.shape[0], targets.deltas.shape[1]];
  const classIds = tf.slice(targets.classIds, [0, 0], [count, slots]);
  const targetDeltas =
    config.gradientThroughTargets && targets.origin !== undefined
      ? deltasThroughProposals({
          config,
          anchors,
          rpnDeltas: rpnAt(targets.origin.anchorIndices).deltas,
          origin: targets.origin,
          classIds,
        })
      : targets.deltas;
  const box = classHead(pass, levels, { rois, imageSize, poolSize: config.poolSize });
  const align = { rois, imageSize, poolSize: config.maskPoolSize };
  // Batch statistics in the mask head are those of all RoIs; the loss needs the positive ones only.
  const logits =
    pass.statisticsOf('mrcnn_mask_bn1') === 'batch'
      ? tf.slice(maskHead(pass, levels, align), 0, [count, slots])
      : maskHeadOfUsed(pass, levels, {
          ...align,
          rois: tf.slice(rois, 0, [count, slots]),
          used: noTape(() => tf.greater(classIds, 0)),
        });
  const deltas = tf.slice(box.deltas, 0, [count, slots]);

  return {
    rpnClass: losses.rpnClassLoss(sampled.match, rpn.logits),
    rpnBbox: losses.rpnBboxLoss(batch.rpnBbox, sampled.match, rpn.deltas),
    mrcnnClass: losses.mrcnnClassLoss(targets.classIds, box.logits, batch.activeClassIds),
    mrcnnBbox: losses.mrcnnBboxLoss(targetDeltas, classIds, deltas),
    mrcnnMask: losses.mrcnnMaskLoss(
      targets.masks,
      classIds,
      tf.sigmoid(masksOfClasses(logits, classIds)),
    ),
  };
}

function targetsOf(
  options: TrainingForwardOptions & { readonly pyramid: Pyramid },
): DetectionTargets {
  const { pass, config, batch, anchors, pyramid } = options;
  const { inputRois } = batch;
  if (!config.useRpnRois) {
    if (inputRois === undefined) throw new MissingInputRoisError();
    return detectionTargets({ ...batch, config, proposals: inputRois });
  }
  const rpn = regionScores(pass, config, pyramid);
  const count = config.postNmsRoisTraining;
  const { boxes, anchorIndices } = regionProposals({ config, rpn, anchors, count });
  return detectionTargets({ ...batch, config, proposals: boxes, anchorIndices });
}

export interface DetectionForwardOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  /** `[B, H, W, 3]`, molded. */
  readonly images: tf.Tensor4D;
  /** `[B, (y1, x1, y2, x2)]`, normalised: the part that is image and not padding. */
  readonly windows: tf.Tensor2D;
  /** `[A, 4]`, normalised. */
  readonly anchors: tf.Tensor2D;
  /** Scalar, 0 to 1. @default the config's `detectionMinConfidence` */
  readonly minConfidence?: tf.Scalar;
}

export interface DetectionOutput {
  /** `[B, D, (y1, x1, y2, x2, classId, score)]`, normalised, by falling score, zero-padded. */
  readonly detections: tf.Tensor3D;
  /** `[B, D, h, w]`: probability of the detected class within the box; 0.5 or less decides nothing at padding. */
  readonly masks: tf.Tensor4D;
}

/** Images → detections and their masks. */
export function detectionForward(options: DetectionForwardOptions): DetectionOutput {
  const { config, parameters, images, windows, anchors } = options;
  const { minConfidence = config.detectionMinConfidence } = options;
  return tf.tidy(() => {
    const pass = inferencePass(parameters);
    const imageSize = [images.shape[1], images.shape[2]] as const;
    const pyramid = imagePyramid(pass, config, images);
    const { levels } = pyramid;
    const rpn = regionScores(pass, config, pyramid);
    const count = config.postNmsRoisInference;
    const { boxes: rois } = regionProposals({ config, rpn, anchors, count });

    const box = classHead(pass, levels, { rois, imageSize, poolSize: config.poolSize });
    const probabilities = tf.softmax(box.logits);
    const detections = refineDetections({
      config,
      rois,
      probabilities,
      deltas: box.deltas,
      windows,
      minConfidence,
    });

    const [batch, slots] = detections.shape;
    const boxes = tf.slice(detections, [0, 0, 0], [batch, slots, 4]);
    const classIds = tf.slice(detections, [0, 0, 4], [batch, slots, 1]).squeeze<tf.Tensor2D>([2]);
    const logits = maskHeadOfUsed(pass, levels, {
      rois: boxes,
      imageSize,
      poolSize: config.maskPoolSize,
      used: tf.greater(classIds, 0),
    });
    return { detections, masks: tf.sigmoid(masksOfClasses(logits, classIds)) };
  });
}

/** The class and box head: `fpn_classifier_graph` of mrcnn/model.py. */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import { dense, denseNorm } from '../layers/dense.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { relu } from '../layers/relu.ts';
import { pyramidRoiAlign, type RoiAlignOptions } from '../layers/roi-align.ts';

export interface ClassHeadOutput {
  /** `[B, N, classes]`. */
  readonly logits: tf.Tensor3D;
  /** `[B, N, classes, (dy, dx, log dh, log dw)]`, in units of `bboxStdDev`. */
  readonly deltas: tf.Tensor4D;
}

/** Classifies `rois [B, N, 4]` and refines their boxes, a refinement for each class. */
export function classHead(
  pass: ForwardPass,
  levels: readonly tf.Tensor4D[],
  align: RoiAlignOptions,
): ClassHeadOutput {
  const [batch, count] = align.rois.shape;
  const crops = pyramidRoiAlign(levels, align);
  const features = crops.reshape<tf.Tensor2D>([batch * count, -1]);
  const names = (index: number) => ({
    layer: `mrcnn_class_conv${String(index)}`,
    norm: `mrcnn_class_bn${String(index)}`,
  });
  const hidden = relu(denseNorm(pass, names(1), features));
  const shared = relu(denseNorm(pass, names(2), hidden));
  return {
    logits: dense(pass, 'mrcnn_class_logits', shared).reshape([batch, count, -1]),
    deltas: dense(pass, 'mrcnn_bbox_fc', shared).reshape([batch, count, -1, 4]),
  };
}

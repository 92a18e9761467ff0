/** The mask head: `build_fpn_mask_graph` of mrcnn/model.py, up to the logits. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { convolution, convolutionNorm, upConvolution } from '../layers/convolution.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { noTape } from '../layers/no-tape.ts';
import { relu } from '../layers/relu.ts';
import { pyramidRoiAlign, type RoiAlignOptions } from '../layers/roi-align.ts';

const CONVOLUTIONS = [1, 2, 3, 4] as const;

/** Mask logits of `rois [B, N, 4]`: `[B, N, 28, 28, classes]` (twice `poolSize`). */
export function maskHead(
  pass: ForwardPass,
  levels: readonly tf.Tensor4D[],
  align: RoiAlignOptions,
): tf.Tensor5D {
  const logits = maskLogits(pass, pyramidRoiAlign(levels, align));
  return logits.reshape([...align.rois.shape.slice(0, 2), ...logits.shape.slice(1)]);
}

/** Crops `[N, 14, 14, C]` → logits `[N, 28, 28, classes]`. */
export function maskLogits(pass: ForwardPass, crops: tf.Tensor4D): tf.Tensor4D {
  let x = crops;
  for (const index of CONVOLUTIONS) {
    const names = {
      layer: `mrcnn_mask_conv${String(index)}`,
      norm: `mrcnn_mask_bn${String(index)}`,
    };
    x = relu(convolutionNorm(pass, names, x));
  }
  const enlarged = relu(upConvolution(pass, 'mrcnn_mask_deconv', x));
  return convolution(pass, 'mrcnn_mask', enlarged);
}

/** The logits of one class each: `[B, N, H, W, classes]` by `classIds [B, N]` → `[B, N, H, W]`. */
export function masksOfClasses(logits: tf.Tensor5D, classIds: tf.Tensor2D): tf.Tensor4D {
  const [batch, count, height, width, classes] = logits.shape;
  const chosen = noTape(() =>
    tf
      .oneHot(tf.cast(classIds, 'int32'), classes, 1, 0, 'float32')
      .reshape([batch * count, 1, 1, classes]),
  );
  // At rank 4: TensorFlow's broadcasting kernels stop there on some devices.
  const rows = logits.reshape([batch * count, height, width, classes]);
  return tf.sum(tf.mul(rows, chosen), -1).reshape([batch, count, height, width]);
}

/**
 * The head of the region proposal network (Ren et al., 2015), one and the same over all pyramid levels:
 * `rpn_graph` of mrcnn/model.py.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { convolution } from '../layers/convolution.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { relu } from '../layers/relu.ts';

export interface RpnOutput {
  /** `[B, A, (background, foreground)]`; anchors in the order of `pyramidAnchors`. */
  readonly logits: tf.Tensor3D;
  /** `[B, A, (dy, dx, log dh, log dw)]`, in units of `rpnBboxStdDev`. */
  readonly deltas: tf.Tensor3D;
}

/** P2…P6 → scores and refinements of every anchor. `anchorStride` is `rpnAnchorStride`. */
export function rpnHead(
  pass: ForwardPass,
  levels: readonly tf.Tensor4D[],
  anchorStride: number,
): RpnOutput {
  const outputs = levels.map((level) => {
    const shared = relu(convolution(pass, 'rpn_conv_shared', level, { stride: anchorStride }));
    const batch = level.shape[0];
    return {
      logits: convolution(pass, 'rpn_class_raw', shared).reshape<tf.Tensor3D>([batch, -1, 2]),
      deltas: convolution(pass, 'rpn_bbox_pred', shared).reshape<tf.Tensor3D>([batch, -1, 4]),
    };
  });
  return {
    logits: tf.concat3d(
      outputs.map((output) => output.logits),
      1,
    ),
    deltas: tf.concat3d(
      outputs.map((output) => output.deltas),
      1,
    ),
  };
}

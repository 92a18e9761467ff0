/**
 * Feature pyramid network (Lin et al., 2017) as in mrcnn/model.py: nearest up-sampling, no activation,
 * P6 is P5 at every other cell.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { convolution } from '../layers/convolution.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';

export interface Pyramid {
  /** P2…P5, `[B, H / s, W / s, C]` with strides s of 4, 8, 16, 32. */
  readonly levels: readonly tf.Tensor4D[];
  /** Stride 64: seen by the RPN only. */
  readonly p6: tf.Tensor4D;
}

/** `stages` C2…C5 → the pyramid. */
export function featurePyramid(pass: ForwardPass, stages: readonly tf.Tensor4D[]): Pyramid {
  const merged: tf.Tensor4D[] = [];
  let above: tf.Tensor4D | undefined;
  for (let index = stages.length - 1; index >= 0; index--) {
    const level = String(index + 2);
    const lateral = convolution(pass, `fpn_c${level}p${level}`, stages[index] as tf.Tensor4D);
    above = above === undefined ? lateral : tf.add(upsample(above), lateral);
    merged.unshift(above);
  }
  const levels = merged.map((x, index) => convolution(pass, `fpn_p${String(index + 2)}`, x));
  return { levels, p6: tf.maxPool(levels.at(-1) as tf.Tensor4D, 1, 2, 'valid') };
}

function upsample(x: tf.Tensor4D): tf.Tensor4D {
  return tf.image.resizeNearestNeighbor(x, [x.shape[1] * 2, x.shape[2] * 2]);
}

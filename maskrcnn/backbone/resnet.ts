/**
 * ResNet-50 and -101 (He et al., 2015), `resnet_graph` of mrcnn/model.py: strides sit on the first 1x1
 * convolution of a stage, every convolution has a bias, and the stem pads by 3 before a valid 7x7.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { convolutionNorm } from '../layers/convolution.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { noTape } from '../layers/no-tape.ts';
import { relu } from '../layers/relu.ts';

/** Blocks of the stages 2 to 5. */
const BLOCKS = { resnet50: [3, 4, 6, 3], resnet101: [3, 4, 23, 3] } as const;

/**
 * `images [B, H, W, 3]` (molded) → C2…C5, `[B, H / s, W / s, 256…2048]` with strides s of 4, 8, 16, 32.
 * Stages below the first one that is trained run off the tape: nothing there needs a gradient.
 */
export function resnet(
  pass: ForwardPass,
  architecture: MaskRcnnConfig['backbone'],
  images: tf.Tensor4D,
): tf.Tensor4D[] {
  let onTape = pass.trains('conv1/') || pass.trains('bn_conv1/');
  const run = (fn: () => tf.Tensor4D) => (onTape ? fn() : noTape(fn));
  let x = run(() => tf.tidy(() => stem(pass, images)));
  return BLOCKS[architecture].map((blocks, index) => {
    const stage = String(index + 2);
    onTape ||= pass.trains(`res${stage}`) || pass.trains(`bn${stage}`);
    for (let block = 0; block < blocks; block++) {
      const name = `${stage}${String.fromCharCode(97 + block)}_branch`;
      const stride = block === 0 && index > 0 ? 2 : 1;
      const input = x;
      x = run(() => tf.tidy(() => bottleneck(pass, { name, stride, project: block === 0 }, input)));
    }
    return x;
  });
}

/** `images [B, H, W, 3]` (molded) → `[B, H / 4, W / 4, 64]`. */
export function stem(pass: ForwardPass, images: tf.Tensor4D): tf.Tensor4D {
  const padding: [number, number][] = [
    [0, 0],
    [3, 3],
    [3, 3],
    [0, 0],
  ];
  const padded = tf.pad(images, padding);
  const names = { layer: 'conv1', norm: 'bn_conv1' };
  const x = convolutionNorm(pass, names, padded, { stride: 2, padding: 'valid' });
  return tf.maxPool(relu(x), 3, 2, 'same');
}

export interface Bottleneck {
  /** Of its layers, without the branch: `2a_branch`. */
  readonly name: string;
  readonly stride: number;
  /** The first block of a stage has a 1x1 convolution on its shortcut. */
  readonly project: boolean;
}

/** A residual block: a shortcut, and 1x1, 3x3 and 1x1 convolutions beside it. */
export function bottleneck(
  pass: ForwardPass,
  { name, stride, project }: Bottleneck,
  input: tf.Tensor4D,
): tf.Tensor4D {
  const unit = (branch: string, x: tf.Tensor4D, s = 1) =>
    convolutionNorm(pass, { layer: `res${name}${branch}`, norm: `bn${name}${branch}` }, x, {
      stride: s,
    });
  const reduced = relu(unit('2a', input, stride));
  const spatial = relu(unit('2b', reduced));
  const expanded = unit('2c', spatial);
  return relu(tf.add(expanded, project ? unit('1', input, stride) : input));
}

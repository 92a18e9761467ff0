/**
 * The rectifier with TensorFlow's own gradient op. TensorFlow.js composes the gradient of `tf.relu` from
 * seven passes over the activation; `ReluGrad` is one.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { rawOp } from './raw-op.ts';

/** `max(x, 0)`, element by element. */
export function relu<T extends tf.Tensor>(x: T): T {
  const rectify = tf.customGrad((input, save) => {
    const value = tf.relu(input as tf.Tensor);
    (save as tf.GradSaveFunc)([value]);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        rawOp({ op: 'ReluGrad', attributes: { T: 'float32' }, inputs: [dy, ...saved] }),
    };
  });
  return rectify(x) as T;
}

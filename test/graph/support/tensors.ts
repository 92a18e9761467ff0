/** Values of tensors for assertions. */
import type * as tf from '@tensorflow/tfjs-node-gpu';

export const numbers = (tensor: tf.Tensor): number[] => Array.from(tensor.dataSync());

export function scalarOf(tensor: tf.Tensor | null): number {
  const [value] = tensor?.dataSync() ?? [];
  if (value === undefined) throw new Error('the tensor has no value');
  return value;
}

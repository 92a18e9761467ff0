/** Zero padding of rows: how a variable count becomes a static shape. */
import * as tf from '@tensorflow/tfjs-node-gpu';

/** `rows [N, ...]` → `[count, ...]`, zeros appended; `N` must not exceed `count`. */
export function padRows<T extends tf.Tensor>(rows: T, count: number): T {
  const missing = count - rows.shape[0];
  if (missing === 0) return rows;
  return tf.pad(
    rows,
    rows.shape.map((_, axis): [number, number] => [0, axis === 0 ? missing : 0]),
  );
}

/** Zeroes the rows of `rows [N, ...]` where `keep [N]` is false. */
export function maskRows<T extends tf.Tensor>(rows: T, keep: tf.Tensor1D): T {
  const flags = tf.cast(keep, 'float32');
  return tf.mul(rows, flags.reshape([keep.shape[0], ...rows.shape.slice(1).map(() => 1)]));
}

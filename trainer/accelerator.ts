/** Training on a processor where a GPU is meant takes weeks instead of hours: it is refused, not done silently. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { GpuNotFoundError } from './errors.ts';
import { isGpuMeant } from './tensorflow-settings.ts';

/** Throws `GpuNotFoundError` where there is a driver of NVIDIA's and TensorFlow sees no GPU. */
export function requireMeantGpu(): void {
  if (isGpuMeant(process.env) && deviceInUse() === 'cpu') throw new GpuNotFoundError();
}

export function deviceInUse(): 'cpu' | 'gpu' {
  const { isUsingGpuDevice } = tf.backend() as tf.KernelBackend & { isUsingGpuDevice?: boolean };
  return isUsingGpuDevice === true ? 'gpu' : 'cpu';
}

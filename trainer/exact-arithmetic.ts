/**
 * What TensorFlow must be told, before it is loaded, for two runs to end in the same bits: its defaults
 * add the parts of some gradients in the order in which threads happen to finish.
 */
import { existsSync } from 'node:fs';

const ON_THE_CPU = {
  // Orders the sums of CropAndResize's gradient.
  TF_DETERMINISTIC_OPS: '1',
  // Runs ops one after another; each still uses every core.
  TF_NUM_INTEROP_THREADS: '1',
} as const;

/**
 * Settings for a process that trains: exact on a CPU. None with an NVIDIA driver: on a GPU TensorFlow has
 * no ordered form of CropAndResize's gradient and would refuse to train.
 */
export function exactArithmetic(
  hasGpu = existsSync('/proc/driver/nvidia/version'),
): NodeJS.ProcessEnv {
  return hasGpu ? {} : ON_THE_CPU;
}

/**
 * What TensorFlow must be told, before it is loaded, for two runs to end in the same bits. The other half is
 * in the graph itself, which adds in a set order (graph/passes/ordered-sums.ts).
 */
import { existsSync } from 'node:fs';

/** Orders the sums of CropAndResize's gradient, which are otherwise added in the order of threads. */
const ON_THE_CPU = { TF_DETERMINISTIC_OPS: '1' } as const;

/**
 * Settings for a process that trains: exact on a CPU. None with an NVIDIA driver: on a GPU TensorFlow has
 * no ordered form of CropAndResize's gradient and would refuse to train.
 */
export function exactArithmetic(
  hasGpu = existsSync('/proc/driver/nvidia/version'),
): NodeJS.ProcessEnv {
  return hasGpu ? {} : ON_THE_CPU;
}

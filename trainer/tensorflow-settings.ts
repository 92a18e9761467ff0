/**
 * What TensorFlow must be told before it is loaded.
 *
 * On a CPU: exactness, for two runs to end in the same bits; the other half is in the graph itself, which adds
 * in a set order (graph/passes/ordered-sums.ts). On a GPU TensorFlow has no ordered gradient of CropAndResize
 * and would refuse to train, so runs agree to float noise there; it takes memory as it needs it, where it
 * would else take all, and its float32 convolutions and products are TF32 on Ampere and newer (10 bits of
 * mantissa), which NVIDIA_TF32_OVERRIDE=0 turns off.
 */
import { existsSync } from 'node:fs';

/** `LESIONFLOW_XLA=1` lets XLA compile clusters of ops: long at the first step, then faster on a GPU. */
const XLA = 'LESIONFLOW_XLA';

export interface Machine {
  /** @default `isGpuMeant` */
  readonly hasGpu?: boolean;
  /** @default this process's */
  readonly environment?: NodeJS.ProcessEnv;
}

/** The environment of a process that trains. */
export function tensorflowSettings({
  environment = process.env,
  hasGpu = isGpuMeant(environment),
}: Machine = {}): NodeJS.ProcessEnv {
  const xla = environment[XLA] === '1' ? { TF_XLA_FLAGS: '--tf_xla_auto_jit=2' } : {};
  return hasGpu
    ? { TF_FORCE_GPU_ALLOW_GROWTH: 'true', ...xla }
    : // Orders the sums of CropAndResize's gradient, which are otherwise added in the order of threads.
      { TF_DETERMINISTIC_OPS: '1' };
}

/** Is there a driver of NVIDIA's, and not every GPU hidden (`CUDA_VISIBLE_DEVICES` empty or -1)? */
export function isGpuMeant(environment: NodeJS.ProcessEnv): boolean {
  const visible = environment['CUDA_VISIBLE_DEVICES'];
  return existsSync('/proc/driver/nvidia/version') && visible !== '' && visible !== '-1';
}

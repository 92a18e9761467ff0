/**
 * What a training step of all layers takes in time and memory: lines through this project's own measurements
 * (bench/results, ResNet-50, float32, 2 cores of an AMD EPYC). Another processor may be twice as fast or slow.
 */

export interface StepShape {
  /** Side of the square, in pixels. */
  readonly side: number;
  /** Images a step. */
  readonly batch: number;
}

export interface Machine {
  readonly cores: number;
  /** That a process may use, in GB. */
  readonly memory: number;
  /** Is there an NVIDIA driver? Times on GPUs were not measured. */
  readonly hasGpu: boolean;
}

const MEASURED_CORES = 2;
const MS_PER_IMAGE = 180;
const MS_PER_PIXEL = 2.75e-3;
const GB_AT_REST = 1.4;
const GB_PER_IMAGE = 0.13;
const GB_PER_PIXEL = 2.3e-6;

/** Seconds a step. Beyond the cores that were measured on, each further one is taken to be worth half. */
export function stepSeconds({ side, batch }: StepShape, { cores }: Machine): number {
  const milliseconds = batch * (MS_PER_IMAGE + MS_PER_PIXEL * side * side);
  const speed = cores <= MEASURED_CORES ? cores / MEASURED_CORES : (1 + cores / MEASURED_CORES) / 2;
  return milliseconds / 1000 / speed;
}

/** The most memory that the trainer's process holds, in GB. */
export function stepMemory({ side, batch }: StepShape): number {
  return GB_AT_REST + batch * (GB_PER_IMAGE + GB_PER_PIXEL * side * side);
}

/** What the servers, the workers and the system need beside the trainer. */
const SHARE_OF_MEMORY = 0.6;

export const fitsMemory = (shape: StepShape, { memory }: Machine): boolean =>
  stepMemory(shape) <= SHARE_OF_MEMORY * memory;

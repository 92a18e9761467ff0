/** What this machine has for training. */
import { availableParallelism, totalmem } from 'node:os';
import type { Machine } from '../datasets/fingerprint/training-cost.ts';
import { nvidiaDriver } from '../infra/bootstrap/prerequisites.mjs';

const GIGABYTE = 1e9;

/** Memory within the container's limit, where there is one. */
export function thisMachine(): Machine {
  const limit = process.constrainedMemory();
  const memory = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  return {
    cores: availableParallelism(),
    memory: memory / GIGABYTE,
    hasGpu: nvidiaDriver() !== undefined,
  };
}

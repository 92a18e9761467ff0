/** The order of the images in an epoch: a pure function, so that a restart needs no saved state. */
import { randomStream, shuffled } from '../random.ts';

export interface EpochOrderOptions {
  readonly seed: number;
  /** 1-based, over all stages. */
  readonly epoch: number;
  /** Which time through all images within the epoch; from 0. */
  readonly pass?: number;
}

/** A permutation of `ids` that depends on which ids there are, not on their order. */
export function epochOrder(
  ids: readonly string[],
  { seed, epoch, pass = 0 }: EpochOrderOptions,
): string[] {
  return shuffled([...ids].sort(), randomStream(seed, 'epoch-order', epoch, pass));
}

/**
 * The ids of each step of an epoch, `[steps][batchSize]`. An epoch longer than the data goes through it again
 * in another order; every image is seen once before any is seen twice.
 */
export function epochBatches(
  ids: readonly string[],
  options: {
    readonly seed: number;
    readonly epoch: number;
    readonly steps: number;
    readonly batchSize: number;
  },
): string[][] {
  const { seed, epoch, steps, batchSize } = options;
  const order: string[] = [];
  for (let pass = 0; ids.length > 0 && order.length < steps * batchSize; pass++) {
    order.push(...epochOrder(ids, { seed, epoch, pass }));
  }
  return inBatches(order.slice(0, steps * batchSize), batchSize);
}

/** Consecutive groups of `batchSize`; the last one may be smaller. */
export function inBatches<T>(items: readonly T[], batchSize: number): T[][] {
  const batches: T[][] = [];
  for (let i = 0; i < items.length; i += batchSize) batches.push(items.slice(i, i + batchSize));
  return batches;
}

/** Every pair of a data set, read once: a few at a time, so that 12-megapixel pictures fit in memory. */
import pMap from 'p-map';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { EntryPair, Quarantined } from '../pair-entries.ts';
import { counter, type StepOptions } from '../progress.ts';
import { measurePair, type PairMeasures } from './measure-pair.ts';

export interface MeasurePairsOptions extends StepOptions {
  readonly store: Pick<ObjectStore, 'get'>;
  readonly pairs: readonly EntryPair[];
}

export interface MeasuredPairs {
  /** By the order of the pairs. */
  readonly measures: readonly PairMeasures[];
  readonly quarantined: readonly Quarantined[];
}

/** Decoding runs in libvips' threads, all else in ours: with this many, neither waits for the other. */
const PARALLEL_PAIRS = 4;

/** Throws the store's errors. */
export async function measurePairs(options: MeasurePairsOptions): Promise<MeasuredPairs> {
  const { store, pairs, onProgress, signal } = options;
  const finished = counter({ total: pairs.length, unit: 'pairs', onProgress });
  const outcomes = await pMap(
    pairs,
    async (pair) => {
      const outcome = await measurePair(store, pair);
      finished(pair.id);
      return outcome;
    },
    { concurrency: PARALLEL_PAIRS, ...(signal && { signal }) },
  );
  return {
    measures: outcomes.filter((outcome) => 'sketch' in outcome),
    quarantined: outcomes.filter((outcome) => 'reason' in outcome),
  };
}

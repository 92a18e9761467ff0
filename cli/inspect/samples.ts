/** Pairs of a data set as the model would see them: at training size. */
import pMap from 'p-map';
import { inspectPair } from '../../datasets/inspect-dataset.ts';
import type { EntryPair } from '../../datasets/pair-entries.ts';
import { makeRecord } from '../../datasets/records/make-record.ts';
import { decodeRecord } from '../../datasets/records/record.ts';
import { squareOf } from '../../datasets/square-fit.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import type { OpenedPairs } from './open-pairs.ts';

const PARALLEL_PAIRS = 2;

/** In the order of the pairs; pairs that cannot be used are left out. */
export async function readSamples(
  store: OpenedPairs['store'],
  { pairs, config }: { readonly pairs: readonly EntryPair[]; readonly config: MaskRcnnConfig },
): Promise<AnnotatedImage[]> {
  const square = squareOf(config);
  const samples = await pMap(
    pairs,
    async (pair) => {
      const inspected = await inspectPair(store, pair);
      if ('reason' in inspected) return undefined;
      const { header, data } = await makeRecord({ store, pair: inspected, square });
      return decodeRecord(header, ({ offset, bytes }) =>
        Promise.resolve(data.subarray(offset, offset + bytes)),
      );
    },
    { concurrency: PARALLEL_PAIRS },
  );
  return samples.filter((sample) => sample !== undefined);
}

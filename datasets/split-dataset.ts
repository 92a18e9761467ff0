/**
 * A seeded split into training and validation: the ids are sorted, shuffled, and the first
 * `int((1 - validationShare) * n)` are for training (2,594 pairs give 2,075 and 519).
 */
import { datasetManifestSchema, type SplitManifest } from '../contracts/manifests.ts';
import type { DatasetRef, SplitRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { randomStream, shuffled } from '../maskrcnn/random.ts';
import { canonicalJson, readNamedDocument, sha256, writeDocument } from '../storage/documents.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { TooFewPairsError } from './errors.ts';

export interface SplitDatasetOptions {
  readonly store: ObjectStore;
  readonly dataset: DatasetRef;
  readonly seed: number;
  readonly validationShare: number;
  /** Uses only so many pairs, drawn by the seed. */
  readonly maxPairs?: number | undefined;
}

/** The document's key is its hash: splitting the same way again gives the same one. Throws `TooFewPairsError`. */
export async function splitDataset(options: SplitDatasetOptions): Promise<SplitRef> {
  const { store, dataset, seed, validationShare } = options;
  const source = { key: dataset.manifestKey, hash: dataset.hash };
  const { pairs } = await readNamedDocument(store, source, datasetManifestSchema);
  if (pairs.length < 2) {
    throw new TooFewPairsError({ dataset: dataset.name, pairs: pairs.length });
  }
  const ids = pairs.map(({ id }) => id);
  const { training, validation } = splitIds(ids, options);
  const manifest: SplitManifest = {
    kind: 'split',
    dataset,
    seed,
    validationShare,
    training,
    validation,
  };
  const key = storeKeys.split(sha256(canonicalJson(manifest)));
  const { hash } = await writeDocument(store, key, manifest);
  return { key, hash, training: training.length, validation: validation.length };
}

/**
 * Depends on which ids there are, not on their order. Both parts are sorted and hold at least one of
 * at least two ids.
 */
export function splitIds(
  ids: readonly string[],
  {
    seed,
    validationShare,
    maxPairs = ids.length,
  }: {
    readonly seed: number;
    readonly validationShare: number;
    readonly maxPairs?: number | undefined;
  },
): { readonly training: string[]; readonly validation: string[] } {
  const drawn = shuffled([...ids].sort(), randomStream(seed, 'split')).slice(0, maxPairs);
  // (1 - 0.9) * 10 is 0.9999999999999998; the share meant a whole number.
  const share = Math.trunc((1 - validationShare) * drawn.length + 1e-9);
  const count = Math.min(Math.max(share, 1), drawn.length - 1);
  return { training: drawn.slice(0, count).sort(), validation: drawn.slice(count).sort() };
}

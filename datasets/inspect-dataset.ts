/**
 * Two unpacked archives → a data set: pairs that are proven usable. What fails is quarantined with its reason
 * and counted; the step fails only when too much does.
 */
import pMap from 'p-map';
import type { Sharp } from 'sharp';
import {
  datasetManifestSchema,
  rawManifestSchema,
  type DatasetManifest,
} from '../contracts/manifests.ts';
import type { DatasetRef, RawRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import {
  canonicalJson,
  findDocument,
  readNamedDocument,
  sha256,
  writeOnce,
} from '../storage/documents.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { decodeMask, decoding, openPicture, readMetadata, type BinaryMask } from './decode.ts';
import { EmptyDatasetError, TooManyQuarantinedError, UnusableImageError } from './errors.ts';
import { pairEntries, type EntryPair, type Quarantined } from './pair-entries.ts';
import { counter, type StepOptions } from './progress.ts';

export interface InspectDatasetOptions extends StepOptions {
  readonly store: ObjectStore;
  readonly dataset: string;
  readonly images: RawRef;
  readonly masks: RawRef;
  /** The largest share of quarantined pairs with which the step still succeeds. */
  readonly maxQuarantinedShare: number;
}

type Pair = DatasetManifest['pairs'][number];

/** Raise it when the rules change, so that data sets inspected by the old ones are inspected anew. */
const RULES_VERSION = 1;
const PARALLEL_PAIRS = 4;

/**
 * Inspecting the same two archives again reads the manifest that is there.
 * Throws `EmptyDatasetError`, `TooManyQuarantinedError`, and the store's errors.
 */
export async function inspectDataset(options: InspectDatasetOptions): Promise<DatasetRef> {
  const { store, dataset, images, masks } = options;
  const inputs = sha256(canonicalJson([RULES_VERSION, images.hash, masks.hash]));
  const key = storeKeys.datasetManifest(dataset, inputs);
  const present = await findDocument(store, key, datasetManifestSchema);
  if (present) {
    assertEnoughLeft(present.value, options);
    return reference(present.value, key, present.hash);
  }
  const inspected = await inspectPairs(options);
  assertEnoughLeft(inspected, options);
  const written = { key, value: inspected, schema: datasetManifestSchema };
  const { value, hash } = await writeOnce(store, written);
  return reference(value, key, hash);
}

function reference(
  { name, pairs, quarantined }: DatasetManifest,
  manifestKey: string,
  hash: string,
): DatasetRef {
  return {
    name,
    manifestKey,
    hash,
    pairs: pairs.length,
    quarantined: quarantined.length,
  };
}

async function inspectPairs(options: InspectDatasetOptions): Promise<DatasetManifest> {
  const { store, dataset, onProgress, signal } = options;
  const [images, masks] = await Promise.all(
    [options.images, options.masks].map(({ manifestKey, hash }) =>
      readNamedDocument(store, { key: manifestKey, hash }, rawManifestSchema),
    ),
  );
  const { pairs, quarantined } = pairEntries(images?.entries ?? [], masks?.entries ?? []);
  const finished = counter({ total: pairs.length, unit: 'pairs', onProgress });
  const outcomes = await pMap(
    pairs,
    async (pair) => {
      const outcome = await inspectPair(store, pair);
      finished(pair.id);
      return outcome;
    },
    { concurrency: PARALLEL_PAIRS, ...(signal && { signal }) },
  );
  const failed = outcomes.filter((outcome) => 'reason' in outcome);
  return {
    kind: 'dataset',
    name: dataset,
    archives: {
      images: images?.archive.sha256 ?? '',
      masks: masks?.archive.sha256 ?? '',
    },
    pairs: outcomes.filter((outcome) => 'imageKey' in outcome),
    quarantined: [...quarantined, ...failed].sort((a, b) => (a.id < b.id ? -1 : 1)),
  };
}

/** The pair as the manifest names it, or why it cannot be used. Throws the store's errors. */
export async function inspectPair(
  store: Pick<ObjectStore, 'get'>,
  pair: EntryPair,
): Promise<Pair | Quarantined> {
  const checked = await checkPair(store, pair, decodeAll);
  return 'reason' in checked ? checked : checked.pair;
}

export interface CheckedPair<Seen> {
  readonly pair: Pair;
  readonly mask: BinaryMask;
  /** What `look` gave. */
  readonly seen: Seen;
}

/**
 * What is known of a pair once both files are decoded, or why it cannot be used. `look` decodes the image, all of
 * it, at whatever size it needs. Throws the store's errors.
 */
export async function checkPair<Seen>(
  store: Pick<ObjectStore, 'get'>,
  { id, image, mask }: EntryPair,
  look: (picture: Sharp) => Promise<Seen>,
): Promise<CheckedPair<Seen> | Quarantined> {
  let current = image.path;
  try {
    const picture = openPicture(await store.get(image.key));
    const size = await readMetadata(picture);
    const seen = await decoding(() => look(picture));
    current = mask.path;
    const decoded = await decodeMask(await store.get(mask.key));
    const { width, height } = decoded;
    if (width !== size.width || height !== size.height) {
      const isTurned = (size.orientation ?? 1) >= 5;
      const turned = isTurned ? ' (the image has an EXIF rotation, which is ignored)' : '';
      const detail = `the image is ${size.width} x ${size.height}, the mask ${width} x ${height}${turned}`;
      return { id, reason: 'size-mismatch', detail };
    }
    const lesionShare = decoded.area / (width * height);
    const pair = { id, imageKey: image.key, maskKey: mask.key, width, height, lesionShare };
    return { pair, mask: decoded, seen };
  } catch (error) {
    if (!(error instanceof UnusableImageError)) throw error;
    return { id, reason: error.reason, detail: `${current}: ${error.detail}` };
  }
}

/** Only to see that it decodes. */
const decodeAll = (picture: Sharp): Promise<unknown> =>
  picture.resize(8, 8, { fit: 'fill', kernel: 'nearest' }).raw().toBuffer();

function assertEnoughLeft(
  { name, pairs, quarantined }: DatasetManifest,
  { maxQuarantinedShare }: InspectDatasetOptions,
): void {
  const reasons = inWords(quarantined);
  if (pairs.length === 0) {
    throw new EmptyDatasetError({ dataset: name, found: reasons || 'no picture has such a name' });
  }
  const share = quarantined.length / (pairs.length + quarantined.length);
  if (share > maxQuarantinedShare) {
    throw new TooManyQuarantinedError({
      dataset: name,
      share,
      limit: maxQuarantinedShare,
      reasons,
    });
  }
}

/** `2 missing-mask, e.g. ISIC_1: only a/ISIC_1.jpg; 1 …`: the commonest three reasons, an example each. */
function inWords(quarantined: readonly Quarantined[]): string {
  const byReason = new Map<string, Quarantined[]>();
  for (const one of quarantined) {
    byReason.set(one.reason, [...(byReason.get(one.reason) ?? []), one]);
  }
  return [...byReason]
    .sort(([, a], [, b]) => b.length - a.length)
    .slice(0, 3)
    .map(([reason, all]) => {
      const example = all[0];
      return `${String(all.length)} ${reason}, e.g. ${example?.id ?? ''}: ${example?.detail ?? ''}`;
    })
    .join('; ');
}

/** What a model sees in images whose truth is known: what evaluating and drawing both go over. */
import { datasetManifestSchema, splitManifestSchema } from '../../contracts/manifests.ts';
import type { DatasetRef, SplitRef } from '../../contracts/references.ts';
import type { RgbImage } from '../../datasets/decode.ts';
import { readOriginal, readOriginalMask } from '../../datasets/original-images.ts';
import { prefetched } from '../../maskrcnn/data/prefetch.ts';
import type { Detection, Detector } from '../../maskrcnn/detector.ts';
import { scoreMask, type IsicScores } from '../../evaluation/isic-scores.ts';
import type { OverlayOptions } from '../../report/overlay.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { MissingPairError } from '../errors.ts';
import { breathe } from '../serve.ts';

/** Keys in the store of an image and its mask. */
export interface PairKeys {
  readonly id: string;
  readonly imageKey: string;
  readonly maskKey: string;
}

export interface PredictedPair {
  readonly id: string;
  readonly image: RgbImage;
  /** `[height * width]`, 0 and 1. */
  readonly truth: Uint8Array;
  /** The highest-scoring instance: the prediction, as the ISIC 2018 challenge takes one. */
  readonly best: Detection | undefined;
}

export interface PredictPairsOptions {
  readonly store: Pick<ObjectStore, 'get'>;
  readonly pairs: readonly PairKeys[];
  readonly detector: Pick<Detector, 'detect'>;
  /** Instances below are none, 0 to 1. */
  readonly minConfidence: number;
  readonly signal?: AbortSignal;
}

/** Images that are read ahead: they are large at their own size. */
const READ_AHEAD = 2;

/** A split's validation images by rising id. Throws `MissingPairError` when split and data set do not belong together. */
export async function validationPairs(
  store: ObjectStore,
  { dataset, split }: { readonly dataset: DatasetRef; readonly split: SplitRef },
): Promise<PairKeys[]> {
  const source = { key: dataset.manifestKey, hash: dataset.hash };
  const { pairs } = await readNamedDocument(store, source, datasetManifestSchema);
  const { validation } = await readNamedDocument(store, split, splitManifestSchema);
  const byId = new Map(pairs.map((pair) => [pair.id, pair]));
  return [...validation].sort().map((id) => {
    const pair = byId.get(id);
    if (pair === undefined) throw new MissingPairError(id, dataset.manifestKey, split.key);
    return pair;
  });
}

/** In the order of `pairs`. Throws `UnusableImageError`, the store's errors, and the signal's reason. */
export async function* predictPairs(options: PredictPairsOptions): AsyncGenerator<PredictedPair> {
  const { store, pairs, detector, minConfidence, signal } = options;
  const originals = prefetched({
    items: pairs,
    depth: READ_AHEAD,
    load: async (pair) => ({
      id: pair.id,
      image: await readOriginal(store, pair),
      truth: await readOriginalMask(store, pair),
    }),
  });
  for await (const { id, image, truth } of originals) {
    const detections = await detector.detect(image, { minConfidence });
    yield { id, image, truth, best: highestScoring(detections) };
    if (signal !== undefined) await breathe(signal);
  }
}

/** No instance is an empty mask. */
export const scorePair = ({ truth, best }: PredictedPair): IsicScores =>
  scoreMask(best?.mask ?? new Uint8Array(truth.length), truth);

/** For `drawOverlay`. */
export function overlayOf(pair: PredictedPair): OverlayOptions {
  const { image, truth, best } = pair;
  const instances = best === undefined ? [] : [{ ...best, label: 'lesion' }];
  const { jaccard } = scorePair(pair);
  return { image, truth, instances, caption: `Jaccard ${jaccard.toFixed(2)}` };
}

function highestScoring(detections: readonly Detection[]): Detection | undefined {
  return detections.reduce<Detection | undefined>(
    (best, detection) => (best === undefined || detection.score > best.score ? detection : best),
    undefined,
  );
}

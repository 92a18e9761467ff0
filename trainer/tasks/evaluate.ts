/**
 * Scores a checkpoint on the validation images at their own size, as the ISIC 2018 challenge does: the
 * highest-scoring instance is the prediction, and no instance is an empty mask.
 */
import {
  datasetManifestSchema,
  splitManifestSchema,
  type DatasetManifest,
  type EvaluationManifest,
  type ImageScore,
  type StoredFile,
} from '../../contracts/manifests.ts';
import type { EvaluationRef } from '../../contracts/references.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import type { RgbImage } from '../../datasets/decode.ts';
import { fitImage } from '../../datasets/fit-image.ts';
import { readOriginal, readOriginalMask } from '../../datasets/original-images.ts';
import { prefetched } from '../../maskrcnn/data/prefetch.ts';
import { meanScores, scoreMask } from '../../evaluation/isic-scores.ts';
import { Detector, type Detection } from '../../maskrcnn/detector.ts';
import { drawOverlay } from '../../report/overlay.ts';
import { readNamedDocument, sha256, writeDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { graphCacheIn } from '../engine.ts';
import { MissingPairError } from '../errors.ts';
import type { TaskOf } from '../protocol.ts';
import { breathe, type TaskContext } from '../serve.ts';
import { makeWorkspace, type TaskTools } from '../tools.ts';
import { chooseOverlays } from './choose-overlays.ts';

type Pair = DatasetManifest['pairs'][number];

/** An image with its truth, and what the model sees in it. */
interface Prediction {
  readonly image: RgbImage;
  readonly truth: Uint8Array;
  /** The highest-scoring instance. */
  readonly best: Detection | undefined;
}

/** Images that are read ahead: they are large at their own size. */
const READ_AHEAD = 2;

export async function evaluate(
  { input, attempt }: TaskOf<'evaluate'>,
  context: TaskContext,
  { store, cacheFolder, warm }: TaskTools,
): Promise<EvaluationRef> {
  const { checkpoint, split, runId, minConfidence } = input;
  const total = split.validation;
  const onNote = (note: string) => context.report({ done: 0, total, unit: 'images', note });

  await using workspace = await makeWorkspace(cacheFolder);
  const { folder } = workspace;
  const model = await warm.at(checkpoint, { folder, signal: context.signal, onNote });
  const pairs = await validationPairs(store, input);
  using detector = new Detector(model.config, model.parameters, {
    fit: fitImage,
    graphCache: await graphCacheIn(cacheFolder),
  });
  const predictions = (of: readonly Pair[]) =>
    predict({ store, pairs: of, signal: context.signal, detector, minConfidence });

  const images: ImageScore[] = [];
  for await (const { pair, truth, best } of predictions(pairs)) {
    const mask = best?.mask ?? new Uint8Array(truth.length);
    const confidence = best?.score ?? null;
    images.push({ id: pair.id, confidence, scores: scoreMask(mask, truth) });
    context.report({ done: images.length, total: pairs.length, unit: 'images' });
  }

  // Predicted again: to keep every picture until the ranking is known would take gigabytes.
  const overlays: StoredFile[] = [];
  const chosen = chooseOverlays(images, input.overlays);
  const byId = new Map(pairs.map((pair) => [pair.id, pair]));
  const chosenPairs = chosen.flatMap(({ id }) => byId.get(id) ?? []);
  for await (const { pair, ...prediction } of predictions(chosenPairs)) {
    const jaccard = chosen.find(({ id }) => id === pair.id)?.scores.jaccard ?? 0;
    const png = await drawOverlay(overlayOf(prediction, jaccard));
    const key = storeKeys.overlay(runId, attempt, pair.id);
    await store.put(key, png, { contentType: 'image/png' });
    overlays.push({ key, bytes: png.length, sha256: sha256(png) });
    context.report({
      done: overlays.length,
      total: chosenPairs.length,
      unit: 'overlays',
      note: 'drawing',
    });
  }

  const scores = meanScores(images.map((image) => image.scores));
  const manifest: EvaluationManifest = {
    kind: 'evaluation',
    checkpoint,
    split,
    scores,
    images,
    overlays,
  };
  const { key, hash } = await writeDocument(store, storeKeys.evaluation(runId, attempt), manifest);
  return { key, hash, images: images.length, scores };
}

/** In the order of the ids. Throws `MissingPairError` when split and data set do not belong together. */
async function validationPairs(
  store: ObjectStore,
  { dataset, split }: Pick<TaskOf<'evaluate'>['input'], 'dataset' | 'split'>,
): Promise<Pair[]> {
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

interface PredictOptions {
  readonly store: ObjectStore;
  readonly pairs: readonly Pair[];
  readonly signal: AbortSignal;
  readonly detector: Detector;
  readonly minConfidence: number;
}

async function* predict({ store, pairs, signal, detector, minConfidence }: PredictOptions) {
  const originals = prefetched({
    items: pairs,
    depth: READ_AHEAD,
    load: async (pair) => ({
      pair,
      image: await readOriginal(store, pair),
      truth: await readOriginalMask(store, pair),
    }),
  });
  for await (const { pair, image, truth } of originals) {
    const detections = await detector.detect(image, { minConfidence });
    yield { pair, image, truth, best: highestScoring(detections) };
    await breathe(signal);
  }
}

function highestScoring(detections: readonly Detection[]): Detection | undefined {
  return detections.reduce<Detection | undefined>(
    (best, detection) => (best === undefined || detection.score > best.score ? detection : best),
    undefined,
  );
}

function overlayOf({ image, truth, best }: Prediction, jaccard: number) {
  const instances = best === undefined ? [] : [{ ...best, label: 'lesion' }];
  return { image, truth, instances, caption: `Jaccard ${jaccard.toFixed(2)}` };
}

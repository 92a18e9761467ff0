/**
 * Scores a checkpoint on the validation images at their own size, as the ISIC 2018 challenge does: the
 * highest-scoring instance is the prediction, and no instance is an empty mask.
 */
import type { EvaluationManifest, ImageScore, StoredFile } from '../../contracts/manifests.ts';
import type { EvaluationRef } from '../../contracts/references.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { fitImage } from '../../datasets/fit-image.ts';
import { meanScores } from '../../evaluation/isic-scores.ts';
import { Detector } from '../../maskrcnn/detector.ts';
import { drawOverlay } from '../../report/overlay.ts';
import { sha256, writeDocument } from '../../storage/documents.ts';
import { graphCacheIn } from '../engine.ts';
import type { TaskOf } from '../protocol.ts';
import type { TaskContext } from '../serve.ts';
import { makeWorkspace, type TaskTools } from '../tools.ts';
import { chooseOverlays } from './choose-overlays.ts';
import {
  overlayOf,
  predictPairs,
  scorePair,
  validationPairs,
  type PairKeys,
} from './predict-pairs.ts';

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
  const predictions = (of: readonly PairKeys[]) =>
    predictPairs({ store, pairs: of, signal: context.signal, detector, minConfidence });

  const images: ImageScore[] = [];
  for await (const prediction of predictions(pairs)) {
    const { id, best } = prediction;
    images.push({ id, confidence: best?.score ?? null, scores: scorePair(prediction) });
    context.report({ done: images.length, total: pairs.length, unit: 'images' });
  }

  // Predicted again: to keep every picture until the ranking is known would take gigabytes.
  const overlays: StoredFile[] = [];
  const chosen = chooseOverlays(images, input.overlays);
  const byId = new Map(pairs.map((pair) => [pair.id, pair]));
  const chosenPairs = chosen.flatMap(({ id }) => byId.get(id) ?? []);
  for await (const prediction of predictions(chosenPairs)) {
    const png = await drawOverlay(overlayOf(prediction));
    const key = storeKeys.overlay(runId, attempt, prediction.id);
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

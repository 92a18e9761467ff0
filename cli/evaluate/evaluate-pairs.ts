/** Scores weights on pairs in this process, as the pipeline's evaluation does in the trainer's. */
import { chooseOverlays } from '../../trainer/tasks/choose-overlays.ts';
import type { ImageScore } from '../../contracts/manifests.ts';
import type { Scores } from '../../contracts/references.ts';
import type { OnProgress } from '../../datasets/progress.ts';
import { meanScores } from '../../evaluation/isic-scores.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { drawOverlay } from '../../report/overlay.ts';
import { openDetector } from '../../serve/published-detector.ts';
import { overlayOf, predictPairs, scorePair } from '../../trainer/tasks/predict-pairs.ts';
import type { EvaluatedData } from './evaluated-data.ts';

export interface EvaluatePairsOptions {
  readonly weights: { readonly config: MaskRcnnConfig; readonly path: string };
  readonly data: EvaluatedData;
  readonly minConfidence: number;
  readonly cacheFolder: string;
  /** How many images are drawn: the best, the middle and the worst. */
  readonly overlays: number;
  readonly onOverlay: (id: string, png: Uint8Array) => Promise<void>;
  readonly onProgress: OnProgress;
}

export interface EvaluatedPairs {
  readonly scores: Scores;
  /** By id. */
  readonly images: readonly ImageScore[];
}

/** Throws what is wrong with the weights or an image. */
export async function evaluatePairs(options: EvaluatePairsOptions): Promise<EvaluatedPairs> {
  const { weights, data, minConfidence, cacheFolder, onProgress } = options;
  const { config, path: weightsPath } = weights;
  using detector = await openDetector({ config, weightsPath, cacheFolder });
  const { store, pairs } = data;
  const predicted = (of: typeof pairs) =>
    predictPairs({ store, pairs: of, detector, minConfidence });

  const images: ImageScore[] = [];
  for await (const pair of predicted(pairs)) {
    images.push({ id: pair.id, confidence: pair.best?.score ?? null, scores: scorePair(pair) });
    onProgress({ done: images.length, total: pairs.length, unit: 'images' });
  }
  // Predicted again: to keep every picture until the ranking is known would take gigabytes.
  const chosen = new Set(chooseOverlays(images, options.overlays).map(({ id }) => id));
  for await (const pair of predicted(pairs.filter(({ id }) => chosen.has(id)))) {
    await options.onOverlay(pair.id, await drawOverlay(overlayOf(pair)));
  }
  return { scores: meanScores(images.map(({ scores }) => scores)), images };
}

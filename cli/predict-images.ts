/** Runs a published version on image files, in this process, and writes pictures, masks and JSON. */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join, resolve } from 'node:path';
import sharp from 'sharp';
import { UnusableImageError } from '../datasets/errors.ts';
import type { Detection } from '../maskrcnn/detector.ts';
import type { PixelImage } from '../maskrcnn/image/resize-image.ts';
import { encodeMaskPng } from '../report/mask-png.ts';
import { drawOverlay } from '../report/overlay.ts';
import { openDetector } from '../serve/published-detector.ts';
import { decodeUpright } from '../serve/upright-picture.ts';
import { downloadVersion, resolveVersion } from '../storage/model-registry.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { UsageError } from './failures.ts';
import type { ModelName } from './model-name.ts';

export interface PredictOptions {
  readonly store: ObjectStore;
  readonly name: ModelName;
  /** Paths of image files. */
  readonly images: readonly string[];
  /** Folder for what is written; made when missing. */
  readonly out: string;
  /** Folder in which downloaded versions are kept. */
  readonly cacheFolder: string;
  /** Instances below are left out, 0 to 1. */
  readonly minConfidence: number;
  /** Told after each image. */
  readonly onPrediction?: (prediction: Prediction) => void;
}

export interface Prediction {
  readonly image: string;
  readonly model: string;
  readonly version: number;
  /** Best first; the mask PNG and the picture show the first. */
  readonly instances: readonly {
    readonly className: string;
    /** Confidence, 0 to 1. */
    readonly score: number;
    /** `(y1, x1, y2, x2)` in pixels of the image, end exclusive. */
    readonly box: readonly [number, number, number, number];
  }[];
  readonly files: { readonly overlay: string; readonly mask: string };
}

/** Throws `UsageError` for a file that is no image, and what the registry throws. */
export async function predictImages(options: PredictOptions): Promise<Prediction[]> {
  const names = outputNames(options.images);
  const resolved = await resolveVersion(options.store, options.name.model, options.name.version);
  const { weightsPath } = await downloadVersion(options.store, resolved, options.cacheFolder);
  const { config, classNames } = resolved.manifest;
  using detector = await openDetector({ config, weightsPath, cacheFolder: options.cacheFolder });
  await mkdir(options.out, { recursive: true });

  const predictions: Prediction[] = [];
  for (const [path, name] of names) {
    const image = await readImage(path);
    const found = await detector.detect(image, { minConfidence: options.minConfidence });
    const best = found.toSorted((a, b) => b.score - a.score);
    const prediction: Prediction = {
      image: path,
      model: resolved.ref.model,
      version: resolved.ref.version,
      instances: best.map(({ classId, score, box }) => ({
        className: classNames[classId] ?? String(classId),
        score,
        box,
      })),
      files: {
        overlay: join(options.out, `${name}-overlay.png`),
        mask: join(options.out, `${name}-mask.png`),
      },
    };
    await writePrediction({
      prediction,
      image,
      best: best[0],
      path: join(options.out, `${name}.json`),
    });
    options.onPrediction?.(prediction);
    predictions.push(prediction);
  }
  return predictions;
}

async function writePrediction(written: {
  readonly prediction: Prediction;
  readonly image: PixelImage;
  readonly best: Detection | undefined;
  readonly path: string;
}): Promise<void> {
  const { prediction, image, best, path } = written;
  const { height, width } = image;
  const label = prediction.instances[0]?.className ?? '';
  const instances = best === undefined ? [] : [{ ...best, label }];
  const mask = best?.mask ?? new Uint8Array(height * width);
  await writeFile(prediction.files.overlay, await drawOverlay({ image, instances }));
  await writeFile(prediction.files.mask, await encodeMaskPng({ mask, height, width }));
  await writeFile(path, `${JSON.stringify(prediction, null, 2)}\n`);
}

/** Each image's path with the name of what is written for it. */
function outputNames(images: readonly string[]): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const image of images) {
    const path = resolve(image);
    if (!existsSync(path)) throw new UsageError(`There is no image ${path}.`, { path });
    const name = basename(path, extname(path));
    const other = [...names].find(([before, taken]) => taken === name && before !== path)?.[0];
    if (other !== undefined) {
      throw new UsageError(
        `${other} and ${path} would both be written as "${name}". Predict them into two folders.`,
        { path, other },
      );
    }
    names.set(path, name);
  }
  return names;
}

async function readImage(path: string): Promise<PixelImage> {
  try {
    return await decodeUpright(sharp(path));
  } catch (error) {
    if (!(error instanceof UnusableImageError)) throw error;
    throw new UsageError(`${path} is not an image that can be read: ${error.detail}`, { path });
  }
}

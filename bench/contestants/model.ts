/** The model and the pictures of a case, for our two contestants. */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { z } from 'zod';
import { nodeBackend } from '../../graph/tensorflow.ts';
import {
  loadWeights,
  maskRcnnConfigSchema,
  Parameters,
  type AnnotatedImage,
  type MaskRcnnConfig,
  type PixelImage,
} from '../../maskrcnn/index.ts';
import type { BenchCase } from '../cases.ts';
import type { PictureFiles, Prepare } from '../protocol.ts';
import { RefusedError } from './serve.ts';

export const SEED = 1;

/**
 * Small: what a step costs does not depend on it, and the weights (and so the number of RoIs on the lesion)
 * stay what they are.
 */
export const LEARNING_RATE = 1e-5;

/** Matterport's defaults but for what the case says. Throws `RefusedError` for a precision that it lacks. */
export function configOf({ size, batch, precision }: BenchCase): MaskRcnnConfig {
  const config = maskRcnnConfigSchema.safeParse({
    name: 'bench',
    backbone: 'resnet50',
    numClasses: 2,
    imagesPerGpu: batch,
    imageMinDim: size,
    imageMaxDim: size,
    ...(precision === 'float32' ? {} : { precision }),
  });
  if (config.success) return config.data;
  throw new RefusedError(`this model's config refuses the case: ${z.prettifyError(config.error)}`);
}

/** The caller owns the parameters. */
export async function parametersOf(
  config: MaskRcnnConfig,
  { weights }: Pick<Prepare, 'weights'>,
): Promise<Parameters> {
  const parameters = Parameters.initialise(config, SEED);
  if (weights !== null) await loadWeights(parameters, weights);
  return parameters;
}

export async function annotatedImages(
  pictures: readonly PictureFiles[],
  size: number,
): Promise<AnnotatedImage[]> {
  return Promise.all(
    pictures.map(async ({ rgb, mask }) => ({
      id: basename(rgb),
      height: size,
      width: size,
      pixels: await readFile(rgb),
      window: [0, 0, size, size] as const,
      originalSize: [size, size] as const,
      scale: 1,
      instances: [{ classId: 1, mask: await readFile(mask) }],
    })),
  );
}

export async function pixelImages(
  pictures: readonly PictureFiles[],
  size: number,
): Promise<PixelImage[]> {
  const images = await annotatedImages(pictures, size);
  return images.map(({ pixels, height, width }) => ({ pixels, height, width }));
}

/** `TensorFlow 2.21.0 through TensorFlow.js 4.22.0`. */
export function libraryName(): string {
  const { TF_Version } = nodeBackend().binding;
  return `TensorFlow ${TF_Version} through TensorFlow.js ${tf.version_core}`;
}

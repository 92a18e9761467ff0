/**
 * Detection on images of any size: `MaskRCNN.detect` of mrcnn/model.py. Resizes and molds the images, runs
 * the network, brings boxes and masks back to each image's own pixels.
 *
 * The network is compiled for one shape of batch: at once where all images have one size, else, and for
 * another shape, when it comes twice in a row. What does not pay to compile runs eagerly, to the same numbers
 * but for rounding.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from './boxes/anchors.ts';
import { normBoxes } from './boxes/normalisation.ts';
import type { MaskRcnnConfig } from './config.ts';
import { fitAsReference, sizeOfBatch, type FittedImage } from './detection/fit-image.ts';
import { unmoldDetections, type Detection } from './detection/unmold.ts';
import type { ModelGraphCache } from './graph-cache.ts';
import { moldImage } from './image/mold.ts';
import type { PixelImage } from './image/resize-image.ts';
import { CompiledDetection, type DetectionFeeds } from './detection/compiled-detection.ts';
import { detectionForward, type DetectionOutput } from './model.ts';
import type { Parameters } from './parameters.ts';
import type { Size } from './shapes.ts';

export type { Detection, FittedImage };

export interface DetectorOptions {
  /** Brings an image to the network's size. @default `resize_image` of the reference */
  readonly fit?: (image: PixelImage, config: MaskRcnnConfig) => FittedImage | Promise<FittedImage>;
  /** Where compiled detection keeps its graph for the next process; nowhere when left out. */
  readonly graphCache?: ModelGraphCache;
}

export interface DetectOptions {
  /** Instances below are left out, 0 to 1. @default the config's `detectionMinConfidence` */
  readonly minConfidence?: number;
}

export class Detector implements Disposable {
  readonly #config: MaskRcnnConfig;
  readonly #parameters: Parameters;
  readonly #fit: NonNullable<DetectorOptions['fit']>;
  readonly #graphCache: ModelGraphCache | undefined;
  #compiled: { readonly shapes: string; readonly detection: CompiledDetection } | undefined;
  /** Batch and size of the last images. */
  #lastShapes: string | undefined;

  /** `parameters` are borrowed: they may be trained on between calls. */
  constructor(
    config: MaskRcnnConfig,
    parameters: Parameters,
    { fit = fitAsReference, graphCache }: DetectorOptions = {},
  ) {
    this.#config = config;
    this.#parameters = parameters;
    this.#fit = fit;
    this.#graphCache = graphCache;
  }

  /**
   * The instances on `image`, by falling score.
   *
   * @throws MaskRcnnError when the image, resized by the config's mode, does not fit the pyramid.
   */
  async detect(image: PixelImage, options: DetectOptions = {}): Promise<Detection[]> {
    const [found = []] = await this.detectBatch([image], options);
    return found;
  }

  /**
   * The instances on each of `images`, which pass through the network together: as many as memory takes,
   * of one size once resized (always so in mode `square`).
   *
   * @throws MaskRcnnError when they differ in size, or do not fit the pyramid.
   */
  async detectBatch(
    images: readonly PixelImage[],
    { minConfidence }: DetectOptions = {},
  ): Promise<Detection[][]> {
    if (images.length === 0) return [];
    const config = this.#config;
    const fitted = await Promise.all(images.map(async (image) => await this.#fit(image, config)));
    const size = sizeOfBatch(fitted);
    const feeds = this.#feeds(fitted, size, minConfidence ?? config.detectionMinConfidence);
    const { detections, masks } = this.#forward(feeds, size);
    tf.dispose({ ...feeds });
    const [, slots, ...maskSize] = masks.shape;
    const numbers = await detections.data<'float32'>();
    const probabilities = await masks.data<'float32'>();
    tf.dispose([detections, masks]);
    return images.map(({ height, width }, index) => {
      const part = (all: Float32Array, length: number) =>
        all.subarray(index * length, (index + 1) * length);
      return unmoldDetections(
        {
          detections: part(numbers, slots * 6),
          masks: part(probabilities, slots * maskSize[0] * maskSize[1]),
        },
        {
          size,
          window: fitted[index]?.window ?? [0, 0, ...size],
          maskSize,
          imageSize: [height, width],
        },
      );
    });
  }

  [Symbol.dispose](): void {
    this.#compiled?.detection[Symbol.dispose]();
    this.#compiled = undefined;
  }

  #feeds(fitted: readonly FittedImage[], size: Size, minConfidence: number): DetectionFeeds {
    const molded = new Float32Array(fitted.length * size[0] * size[1] * 3);
    const length = molded.length / fitted.length;
    fitted.forEach(({ pixels }, index) => {
      moldImage(pixels, this.#config, molded.subarray(index * length, (index + 1) * length));
    });
    const windows = normBoxes(Float64Array.from(fitted.flatMap(({ window }) => window)), size);
    return {
      images: tf.tensor4d(molded, [fitted.length, ...size, 3]),
      windows: tf.tensor2d(windows, [fitted.length, 4]),
      minConfidence: tf.scalar(minConfidence),
    };
  }

  #forward(feeds: DetectionFeeds, size: Size): DetectionOutput {
    const config = this.#config;
    const parameters = this.#parameters;
    const [batch] = feeds.images.shape;
    const shapes = [batch, ...size].join('x');
    const again = this.#lastShapes === shapes;
    const first = this.#lastShapes === undefined && hasFixedSize(config);
    this.#lastShapes = shapes;
    if (this.#compiled?.shapes === shapes) return this.#compiled.detection.run(feeds);
    if (first || again) {
      this[Symbol.dispose]();
      const graphCache = this.#graphCache;
      const detection = new CompiledDetection({ config, parameters, batch, size, graphCache });
      this.#compiled = { shapes, detection };
      return detection.run(feeds);
    }
    const values = pyramidAnchors(config, size);
    return tf.tidy(() => ({
      ...detectionForward({
        ...feeds,
        config,
        parameters,
        anchors: tf.tensor2d(values, [values.length / 4, 4]),
      }),
    }));
  }
}

/** Do all images come to the network in one size? */
function hasFixedSize({ imageResizeMode }: MaskRcnnConfig): boolean {
  return imageResizeMode === 'square' || imageResizeMode === 'crop';
}

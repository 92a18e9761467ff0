/**
 * Detection on an image of any size: `MaskRCNN.detect` with `mold_inputs` and `unmold_detections` of
 * mrcnn/model.py. Resizes and molds the image, runs the network, brings boxes and masks back to the
 * image's own pixels.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from './boxes/anchors.ts';
import { denormBoxes, normBoxes } from './boxes/normalisation.ts';
import type { MaskRcnnConfig } from './config.ts';
import { moldImage } from './image/mold.ts';
import { resizeImage, type PixelImage } from './image/resize-image.ts';
import { pasteMask } from './masks/paste-mask.ts';
import { detectionForward } from './model.ts';
import type { Parameters } from './parameters.ts';
import type { Box, Size } from './shapes.ts';

export interface Detection {
  /** Pixels of the image, `(y2, x2)` exclusive. */
  readonly box: Box;
  /** 1-based; 0 would be the background. */
  readonly classId: number;
  /** 0 to 1. */
  readonly score: number;
  /** `[height * width]` of the image, 1 inside the instance and 0 outside. */
  readonly mask: Uint8Array;
}

/** An image at the network's size. */
export interface FittedImage extends PixelImage {
  /** The part that is image and not padding, in pixels. */
  readonly window: Box;
}

export interface DetectorOptions {
  /** Brings an image to the network's size. @default `resize_image` of the reference */
  readonly fit?: (image: PixelImage, config: MaskRcnnConfig) => FittedImage | Promise<FittedImage>;
}

export interface DetectOptions {
  /** Instances below are left out, 0 to 1. @default the config's `detectionMinConfidence` */
  readonly minConfidence?: number;
}

/** What the network gives for one image, on the host; see `DetectionOutput`. */
export interface RawDetections {
  /** `[D * (y1, x1, y2, x2, classId, score)]`, normalised. */
  readonly detections: ArrayLike<number>;
  /** `[D * h * w]` */
  readonly masks: Float32Array;
}

export class Detector implements Disposable {
  readonly #config: MaskRcnnConfig;
  readonly #parameters: Parameters;
  readonly #fit: NonNullable<DetectorOptions['fit']>;
  readonly #anchors = new Map<string, tf.Tensor2D>();

  /** `parameters` are borrowed: they may be trained on between calls. */
  constructor(
    config: MaskRcnnConfig,
    parameters: Parameters,
    { fit = fitAsReference }: DetectorOptions = {},
  ) {
    this.#config = config;
    this.#parameters = parameters;
    this.#fit = fit;
  }

  /** The instances on `image`, by falling score. */
  async detect(image: PixelImage, { minConfidence }: DetectOptions = {}): Promise<Detection[]> {
    const config =
      minConfidence === undefined
        ? this.#config
        : { ...this.#config, detectionMinConfidence: minConfidence };
    const { pixels, window, ...fitted } = await this.#fit(image, config);
    const size: Size = [fitted.height, fitted.width];
    const { detections, masks } = tf.tidy(() => ({
      ...detectionForward({
        config,
        parameters: this.#parameters,
        images: tf.tensor4d(moldImage(pixels, config), [1, ...size, 3]),
        windows: tf.tensor2d(normBoxes(Float64Array.from(window), size), [1, 4]),
        anchors: this.#anchorsFor(size),
      }),
    }));
    const raw = { detections: await detections.data(), masks: await masks.data<'float32'>() };
    tf.dispose([detections, masks]);
    const { height, width } = image;
    return unmoldDetections(raw, {
      size,
      window,
      maskSize: config.maskShape,
      imageSize: [height, width],
    });
  }

  [Symbol.dispose](): void {
    tf.dispose([...this.#anchors.values()]);
    this.#anchors.clear();
  }

  #anchorsFor(size: Size): tf.Tensor2D {
    const key = size.join('x');
    const known = this.#anchors.get(key);
    if (known !== undefined) return known;
    const values = pyramidAnchors(this.#config, size);
    const anchors = tf.keep(tf.tensor2d(values, [values.length / 4, 4]));
    this.#anchors.set(key, anchors);
    return anchors;
  }
}

function fitAsReference(image: PixelImage, config: MaskRcnnConfig): FittedImage {
  return resizeImage(image, {
    mode: config.imageResizeMode,
    minDim: config.imageMinDim,
    maxDim: config.imageMaxDim,
    minScale: config.imageMinScale,
  });
}

export interface UnmoldOptions {
  /** Height and width of the network's input. */
  readonly size: Size;
  /** The part of the input that is image, in its pixels. */
  readonly window: Box;
  readonly maskSize: Size;
  /** Height and width of the image itself. */
  readonly imageSize: Size;
}

/** Detections in pixels of the image itself, with pasted masks; boxes that round to nothing are dropped. */
export function unmoldDetections(
  { detections, masks }: RawDetections,
  { size, window, maskSize, imageSize }: UnmoldOptions,
): Detection[] {
  const inWindow = normBoxes(Float64Array.from(window), size);
  const maskLength = maskSize[0] * maskSize[1];
  const found: Detection[] = [];
  for (let row = 0; row * 6 < detections.length; row++) {
    const at = (column: number) => detections[row * 6 + column] ?? 0;
    if (at(4) === 0) break;
    const box = toImage([at(0), at(1), at(2), at(3)], { inWindow, imageSize });
    if ((box[2] - box[0]) * (box[3] - box[1]) <= 0) continue;
    const mask = masks.subarray(row * maskLength, (row + 1) * maskLength);
    found.push({
      box,
      classId: at(4),
      score: at(5),
      mask: pasteMask({ mask, maskSize, box, imageSize }),
    });
  }
  return found;
}

/** From the network's normalised input to whole pixels of the image, in float32 as the reference does. */
function toImage(
  box: Box,
  { inWindow, imageSize }: { readonly inWindow: Float32Array; readonly imageSize: Size },
): Box {
  const [top = 0, left = 0, bottom = 1, right = 1] = inWindow;
  const shift = [top, left, top, left] as const;
  const scale = [bottom - top, right - left, bottom - top, right - left] as const;
  const inside = Float32Array.from(box, (value, i) =>
    Math.fround(Math.fround(value - (shift[i] ?? 0)) / Math.fround(scale[i] ?? 1)),
  );
  const [y1 = 0, x1 = 0, y2 = 0, x2 = 0] = denormBoxes(inside, imageSize);
  return [y1, x1, y2, x2];
}

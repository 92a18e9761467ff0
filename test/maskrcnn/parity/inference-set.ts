/**
 * A folder of numbers of one run of the reference (inference.json and .bin, a weight file, images): the
 * one in `../shared/parity`, and those that `reference/inference.py` makes for any other configuration.
 */
import { readdirSync } from 'node:fs';
import { basename, delimiter, join } from 'node:path';
import { describe } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import sharp from 'sharp';
import type { NamedConfigInput } from '../../../maskrcnn/config-names.ts';
import { parseConfig } from '../../../maskrcnn/config-parsing.ts';
import type { MaskRcnnConfig } from '../../../maskrcnn/config.ts';
import { fitAsReference, type FittedImage } from '../../../maskrcnn/detection/fit-image.ts';
import { moldImage, unmoldImage } from '../../../maskrcnn/image/mold.ts';
import type { PixelImage } from '../../../maskrcnn/image/resize-image.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import type { Box } from '../../../maskrcnn/shapes.ts';
import { loadWeights } from '../../../maskrcnn/weights/load.ts';
import type { ParityDeviation } from '../../support/parity-page.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared, sharedPath } from '../../support/shared.ts';
import { maxDifference, Reference, sampledDifference, type Sampled } from '../core/reference.ts';

export interface InferenceNumbers {
  readonly config: NamedConfigInput;
  readonly inputs: { readonly files: readonly string[] };
  /** `[B, 12 + classes]` */
  readonly image_meta: readonly number[][];
  readonly window_px: readonly Box[];
  readonly sampled: Readonly<Record<string, Sampled>>;
  readonly detect: readonly {
    readonly rois: readonly Box[];
    readonly class_ids: readonly number[];
    readonly scores: readonly number[];
  }[];
}

export class InferenceSet implements Disposable {
  readonly reference: Reference<InferenceNumbers>;
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  readonly #folder: string;
  readonly #prefix: string;

  /** `prefix` tells the quantities of this set from those of others. */
  constructor(folder: string, prefix = '') {
    this.#folder = folder;
    this.#prefix = prefix;
    this.reference = new Reference('inference', folder);
    this.config = parseConfig(this.reference.json.config);
    this.parameters = Parameters.initialise(this.config, 1);
  }

  /** Loads the weights and returns the images as they were before resizing. */
  async load(): Promise<PixelImage[]> {
    const weights = readdirSync(this.#folder).find((file) => file.endsWith('.h5'));
    if (weights === undefined) throw new Error(`${this.#folder} has no weight file`);
    await loadWeights(this.parameters, join(this.#folder, weights), { strict: true });
    return Promise.all(
      this.reference.json.inputs.files.map(async (file) => {
        const image = sharp(join(this.#folder, file)).removeAlpha();
        const { data, info } = await image.raw().toBuffer({ resolveWithObject: true });
        return { pixels: new Uint8Array(data), height: info.height, width: info.width };
      }),
    );
  }

  /**
   * The images at the network's size. Where the folder holds the molded ones, their pixels are taken: when an
   * image is resized, the reference's own runs differ from each other with the version of scikit-image.
   */
  fit(images: readonly PixelImage[]): FittedImage[] {
    const fitted = images.map((image) => fitAsReference(image, this.config));
    if (!('molded' in this.reference.json.tensors)) return fitted;
    const pixels = unmoldImage(this.reference.array('molded') as Float32Array, this.config);
    const length = pixels.length / images.length;
    return fitted.map((image, index) => ({
      ...image,
      pixels: Uint8Array.from(pixels.subarray(index * length, (index + 1) * length)),
    }));
  }

  /** `[B, H, W, 3]` for the network; all images of one size. */
  mold(fitted: readonly PixelImage[]): tf.Tensor4D {
    return tf.tidy(() => {
      const molded = fitted.map(({ pixels, height, width }) =>
        tf.tensor3d(moldImage(pixels, this.config), [height, width, 3]),
      );
      return tf.stack(molded) as tf.Tensor4D;
    });
  }

  /** Holds a deviation of inference to its tolerance. */
  expect(measured: Omit<ParityDeviation, 'part'>): void {
    const quantity = this.#prefix + measured.quantity;
    expectDeviation({ ...measured, part: 'inference', quantity });
  }

  /** Holds `tensor` to the sampled values of the same name. */
  expectSampled(name: string, tensor: tf.Tensor, tolerance: number): void {
    const sample = this.reference.json.sampled[name];
    if (sample === undefined) throw new Error(`no sampled tensor ${name}`);
    const deviation = sampledDifference(tensor, sample);
    this.expect({ quantity: `${name} (200 values)`, deviation, tolerance });
  }

  /** Holds `tensor` to the whole stored tensor. */
  expectTensor(name: string, tensor: tf.Tensor, tolerance: number): void {
    const deviation = maxDifference(tensor.dataSync(), this.reference.array(name));
    this.expect({ quantity: name, deviation, tolerance });
  }

  [Symbol.dispose](): void {
    this.parameters[Symbol.dispose]();
  }
}

/** Folders named in LESIONFLOW_PARITY_SETS, separated as in PATH. */
const others = (process.env['LESIONFLOW_PARITY_SETS'] ?? '')
  .split(delimiter)
  .filter((folder) => folder !== '');

/** A `describe` for the numbers in `../shared`, and one for each folder in LESIONFLOW_PARITY_SETS. */
export function describeInferenceSets(title: string, block: (set: InferenceSet) => void): void {
  describeWithShared(title, 'parity/inference.json', () => {
    block(new InferenceSet(sharedPath('parity')));
  });
  for (const folder of others) {
    const name = basename(folder);
    describe(`${title}, ${name}`, () => block(new InferenceSet(folder, `${name}: `)));
  }
}

/** Runs `fn` and frees every tensor that it made. */
export function scoped(fn: () => void): () => void {
  return () => {
    tf.engine().startScope();
    try {
      fn();
    } finally {
      tf.engine().endScope();
    }
  };
}

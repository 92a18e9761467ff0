/** The reference's numbers (`../shared/parity`) as tensors, with the configuration and image of its runs. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import sharp from 'sharp';
import { maskRcnnConfigSchema, type MaskRcnnConfig } from '../../../maskrcnn/config.ts';
import { moldImage } from '../../../maskrcnn/image/mold.ts';
import { sharedPath } from '../../support/shared.ts';
import { openTensors, readGolden, unpackBits, type TensorEntry } from '../library/golden.ts';

/** Values of a large tensor at sampled flat positions. */
export interface Sampled {
  readonly index: number[];
  readonly values: number[];
}

export class Reference<T> {
  readonly json: T & { readonly tensors: Readonly<Record<string, TensorEntry>> };
  /** The numbers of a stored tensor. */
  readonly array: ReturnType<typeof openTensors>;

  /** `folder` holds numbers other than those of `../shared/parity`. */
  constructor(name: string, folder?: string) {
    this.json = readGolden(name, folder) as typeof this.json;
    this.array = openTensors(name, folder);
  }

  /** A stored tensor; float32 stays so, integers become int32. */
  tensor<R extends tf.Rank>(name: string, rank: R): tf.Tensor<R> {
    const values = this.array(name);
    const dtype = values instanceof Float32Array ? 'float32' : 'int32';
    const { shape } = this.#entry(name);
    if (`R${String(shape.length)}` !== rank) throw new Error(`${name} is not of rank ${rank}`);
    return tf.tensor<R>(Array.from(values), shape as tf.ShapeMap[R], dtype);
  }

  /** Bits packed by `np.packbits`, as `[rows, length]` of 0 and 1. */
  unpacked(name: string, length: number): Float32Array {
    const bytes = this.array(name);
    const [rows = 0, stride = 0] = this.#entry(name).shape;
    const bits = new Float32Array(rows * length);
    for (let row = 0; row < rows; row++) {
      bits.set(unpackBits(bytes.subarray(row * stride, (row + 1) * stride), length), row * length);
    }
    return bits;
  }

  #entry(name: string): TensorEntry {
    const entry = this.json.tensors[name];
    if (entry === undefined) throw new Error(`the reference has no tensor ${name}`);
    return entry;
  }
}

/** The configuration of the reference runs, with `changes`. */
export function referenceConfig(changes: object = {}): MaskRcnnConfig {
  return maskRcnnConfigSchema.parse({
    backbone: 'resnet50',
    numClasses: 2,
    imagesPerGpu: 1,
    imageMinDim: 512,
    imageMaxDim: 512,
    ...changes,
  });
}

/** The test image, molded, `[1, 512, 512, 3]`. */
export async function referenceImage(config: MaskRcnnConfig): Promise<tf.Tensor4D> {
  const file = sharedPath('parity/inputs/ISIC_0000013.png');
  const pixels = await sharp(file).removeAlpha().raw().toBuffer();
  return tf.tensor4d(moldImage(pixels, config), [1, 512, 512, 3]);
}

/** Largest absolute difference. */
export function maxDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  let largest = 0;
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? Number.NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** Largest absolute difference of `tensor` from the sampled values. */
export function sampledDifference(tensor: tf.Tensor, { index, values }: Sampled): number {
  const data = tensor.dataSync();
  return maxDifference(
    index.map((i) => data[i] ?? Number.NaN),
    values,
  );
}

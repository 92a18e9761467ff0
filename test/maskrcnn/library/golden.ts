/** Reads the reference's numbers: `X.json` describes the tensors that lie in `X.bin` (parity/README.md). */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { sharedPath } from '../../support/shared.ts';

export interface TensorEntry {
  readonly dtype: 'float32' | 'int32' | 'int8' | 'uint8';
  readonly shape: number[];
  readonly offset: number;
  readonly bytes: number;
}

const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  int8: Int8Array,
  uint8: Uint8Array,
} as const;

const SHARED = sharedPath('parity');

/** The JSON half, to be cast to the shape that the test expects. */
export function readGolden(name: string, folder: string = SHARED): unknown {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as unknown;
}

/** A reader of the binary half. */
export function openTensors(
  name: string,
  folder: string = SHARED,
): (tensor: string) => Float32Array | Int32Array {
  const { tensors } = readGolden(name, folder) as { tensors: Record<string, TensorEntry> };
  const bytes = new Uint8Array(readFileSync(join(folder, `${name}.bin`)));
  return (tensor) => {
    const entry = tensors[tensor];
    if (entry === undefined) throw new Error(`${name}.bin has no tensor ${tensor}`);
    const { offset, bytes: length, dtype } = entry;
    return new ARRAYS[dtype](bytes.buffer.slice(offset, offset + length)) as Float32Array;
  };
}

/** Bits as `np.packbits` makes them → `count` zeros and ones. */
export function unpackBits(packed: ArrayLike<number>, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, i) => ((packed[i >> 3] ?? 0) >> (7 - (i & 7))) & 1);
}

/** Pixels in which two masks differ. */
export function differingPixels(a: Uint8Array, b: Uint8Array): number {
  return a.reduce((count, value, i) => count + Number(value !== b[i]), 0);
}

export function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] ?? 0;
  return total;
}

/** The largest absolute difference of two lists of the same length. */
export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length)
    throw new Error(`${String(a.length)} numbers against ${String(b.length)}`);
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    const difference = Math.abs((a[i] ?? NaN) - (b[i] ?? NaN));
    if (!(difference <= largest)) largest = difference;
  }
  return largest;
}

/** A boolean function of the pixel as a mask `[height * width]`. */
export function maskOf(
  [height, width]: readonly [number, number],
  inside: (y: number, x: number) => boolean,
): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, i) =>
    Number(inside(Math.floor(i / width), i % width)),
  );
}

/** The lesion of the reference's test image, `[512 * 512]`. */
export async function lesionMask(): Promise<Uint8Array> {
  const file = sharedPath('parity/inputs/ISIC_0000013_segmentation.png');
  const grey = await sharp(file).toColourspace('b-w').raw().toBuffer();
  return Uint8Array.from(grey, (value) => Number(value > 127));
}

/**
 * Adds Gaussian noise. Millions of numbers are wanted for an image, so they are picked at random from a bag of
 * normal numbers that is drawn once: the same bag everywhere, so the same noise for the same seed.
 */
import { randomStream } from '../maskrcnn/random.ts';
import { quickRandom } from './quick-random.ts';
import { rowsOf, type Region } from './region.ts';

export interface Noise {
  /** Standard deviation, over 0 to 255. */
  readonly scale: number;
  /** A number for each channel; otherwise one for each pixel. */
  readonly perChannel: boolean;
  readonly seed: number;
}

export function addNoise(region: Region, { scale, perChannel, seed }: Noise): void {
  const normals = (bag ??= fillBag());
  const bits = quickRandom(seed, 'noise');
  const next = (): number => scale * (normals[bits() >>> BAG_SHIFT] as number);
  for (const row of rowsOf(region)) {
    for (let i = 0; i < row.length; i += 3) {
      const shared = next();
      row[i] = added(row[i] as number, shared);
      row[i + 1] = added(row[i + 1] as number, perChannel ? next() : shared);
      row[i + 2] = added(row[i + 2] as number, perChannel ? next() : shared);
    }
  }
}

const added = (value: number, noise: number): number =>
  Math.min(Math.max(value + noise + 0.5, 0), 255);

const BAG_BITS = 16;
const BAG_SHIFT = 32 - BAG_BITS;
let bag: Float32Array | undefined;

function fillBag(): Float32Array {
  const random = randomStream(0, 'bag of normal numbers');
  return Float32Array.from({ length: 2 ** BAG_BITS }, () => random.normal());
}

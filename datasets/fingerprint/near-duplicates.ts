/**
 * Pictures that show the same lesion: coded anew, resized, brightened, recoloured, turned or mirrored. When such a
 * pair falls on both sides of the split, its score is of what was learnt by heart.
 *
 * Both limits were set by looking at every pair of the 2,075 pictures of ISIC 2018 that came near them: with
 * hashes at most 64 bits apart, the same lesion in two photographs correlates by 0.89 and more, two different
 * ones by 0.86 and less; the hash alone has different lesions from 52 bits on. Missed are pictures that were cropped
 * or shifted by more than some hundredths (ISIC_0014818 beside ISIC_0000223: 98 bits).
 */
import {
  hashDistance,
  perceptualHash,
  turned,
  type PerceptualHash,
  type Sketch,
} from './perceptual-hash.ts';

/** Of 256 bits. */
export const MOST_BITS_APART = 62;
/** Seven further positions are seven further chances to be near by accident. */
export const MOST_BITS_APART_TURNED = 54;
/** Of the sketches' grey values, -1 to 1. */
export const LEAST_CORRELATION = 0.88;

export interface Sketched {
  readonly id: string;
  readonly sketch: Sketch;
}

export interface NearDuplicate {
  /** The first has the lower place in what was given. */
  readonly ids: readonly [string, string];
  /** Bits in which the hashes differ, 0 to `MOST_BITS_APART`. */
  readonly bits: number;
  readonly correlation: number;
  /** Only found after one of them was turned or mirrored. */
  readonly isTurned: boolean;
}

/** Each pair once, the most alike first. Seconds of work for 3,000 pictures, and as the square of their number. */
export function findNearDuplicates(pictures: readonly Sketched[]): NearDuplicate[] {
  const hashes = pictures.map(({ sketch }) => perceptualHash(sketch));
  const found: NearDuplicate[] = [];
  for (const [first, picture] of pictures.entries()) {
    const positions = turned(picture.sketch);
    const turnedHashes = positions.map(perceptualHash);
    for (let second = first + 1; second < pictures.length; second++) {
      const [other, hash] = [pictures[second], hashes[second]];
      if (other === undefined || hash === undefined) continue;
      const { bits, turn } = closest(turnedHashes, hash);
      if (bits > (turn === 0 ? MOST_BITS_APART : MOST_BITS_APART_TURNED)) continue;
      const correlation = correlationOf(positions[turn] ?? picture.sketch, other.sketch);
      if (correlation < LEAST_CORRELATION) continue;
      found.push({ ids: [picture.id, other.id], bits, correlation, isTurned: turn > 0 });
    }
  }
  return found.sort((a, b) => a.bits - b.bits || b.correlation - a.correlation);
}

/** The position nearest to `hash`; the first among equals, and any where all are too far. */
function closest(positions: readonly PerceptualHash[], hash: PerceptualHash) {
  let [bits, turn] = [MOST_BITS_APART + 1, 0];
  for (let at = 0; at < positions.length; at++) {
    const position = positions[at];
    if (position === undefined) continue;
    const distance = hashDistance(position, hash, bits);
    if (distance < bits) [bits, turn] = [distance, at];
  }
  return { bits, turn };
}

/** Pearson's, -1 to 1: blind to brightness and contrast. 0 where a sketch has one value only. */
export function correlationOf(a: Sketch, b: Sketch): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  let [both, ofA, ofB] = [0, 0, 0];
  for (let i = 0; i < a.length; i++) {
    const [x, y] = [(a[i] ?? 0) - meanA, (b[i] ?? 0) - meanB];
    both += x * y;
    ofA += x * x;
    ofB += y * y;
  }
  return ofA === 0 || ofB === 0 ? 0 : both / Math.sqrt(ofA * ofB);
}

const meanOf = (values: Uint8Array) =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Smooth random fields over the plane (value noise after Perlin, 1985), for skin and pigment. */
import type { RandomStream } from '../../maskrcnn/random.ts';

const LATTICE = 64;

/** A field of values in 0..1 that varies over distances of about 1. */
export type Field = (x: number, y: number) => number;

export function valueNoise(random: RandomStream): Field {
  const values = Float32Array.from({ length: LATTICE * LATTICE }, () => random.uniform());
  const at = (x: number, y: number) =>
    values[(y & (LATTICE - 1)) * LATTICE + (x & (LATTICE - 1))] ?? 0;
  return (x, y) => {
    const [left, top] = [Math.floor(x), Math.floor(y)];
    const [u, v] = [smooth(x - left), smooth(y - top)];
    const above = at(left, top) * (1 - u) + at(left + 1, top) * u;
    const below = at(left, top + 1) * (1 - u) + at(left + 1, top + 1) * u;
    return above * (1 - v) + below * v;
  };
}

/** Octaves of one field, each twice as fine and half as strong. */
export function fractal(field: Field, octaves: number): Field {
  return (x, y) => {
    let [sum, weight, total] = [0, 1, 0];
    for (let i = 0; i < octaves; i++) {
      sum += weight * field(x * 2 ** i + 17 * i, y * 2 ** i + 29 * i);
      total += weight;
      weight /= 2;
    }
    return sum / total;
  };
}

/** Rises from 0 at `from` to 1 at `to` without a kink. */
export function smoothstep(from: number, to: number, value: number): number {
  return smooth(Math.min(1, Math.max(0, (value - from) / (to - from))));
}

const smooth = (t: number) => t * t * (3 - 2 * t);

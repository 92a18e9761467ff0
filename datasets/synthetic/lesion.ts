/**
 * The outline and the pigment of one invented lesion. Coordinates: the shorter half of the image is 1, the
 * middle is (0, 0).
 */
import type { RandomStream } from '../../maskrcnn/random.ts';
import { mix, PIGMENT, type Rgb } from './colours.ts';
import { fractal, smoothstep, valueNoise } from './noise.ts';

export interface Lesion {
  /** Distance from the middle over the outline's there: below 1 is inside. */
  depth(x: number, y: number): number;
  /** Colour of the pigment where it is at full strength. */
  colour(x: number, y: number): Rgb;
  /** How wide the border fades, in units of `depth`. */
  readonly softness: number;
  /** How strong the pigment is at most, 0 to 1. */
  readonly strength: number;
}

export function inventLesion(random: RandomStream): Lesion {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const outline = inventOutline(random);
  const base = mix(PIGMENT.tan, PIGMENT.brown, random.uniform());
  const core = random.uniform() < 0.6 ? PIGMENT.dark : mix(PIGMENT.brown, PIGMENT.red, 0.4);
  const patch = [PIGMENT.black, PIGMENT.blueGrey, PIGMENT.red, PIGMENT.dark][random.below(4)];
  const patchiness = between(0.2, 0.75);
  const network = random.uniform() < 0.65 ? between(0.15, 0.5) : 0;
  const pitch = between(55, 95);
  const mottle = fractal(valueNoise(random), 4);
  const patches = fractal(valueNoise(random), 3);
  const warp = valueNoise(random);

  const colour = (x: number, y: number): Rgb => {
    const depth = outline(x, y);
    let pigment = mix(
      core,
      base,
      smoothstep(0.1, 0.95, depth + 0.5 * (mottle(3 * x, 3 * y) - 0.5)),
    );
    const here = smoothstep(0.52, 0.72, patches(2.2 * x + 40, 2.2 * y + 40)) * patchiness;
    pigment = mix(pigment, patch ?? PIGMENT.dark, here);
    // The pigment network: dark meshes around pale holes, clearest towards the border.
    const mesh =
      network * honeycomb(x * pitch + 7 * warp(5 * x, 5 * y), y * pitch + 7 * warp(5 * y, 5 * x));
    pigment = mix(pigment, PIGMENT.dark, mesh * smoothstep(0.2, 0.8, depth));
    return mix(pigment, PIGMENT.tan, 0.25 * (mottle(9 * x, 9 * y) - 0.4));
  };
  return {
    depth: outline,
    colour,
    softness: between(0.04, 0.16),
    strength: between(0.6, 0.97),
  };
}

/** An ellipse with waves of a few lengths on its border; star-shaped, so always one piece without holes. */
function inventOutline(random: RandomStream): (x: number, y: number) => number {
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  const radius = between(0.22, 0.72);
  const [centreX, centreY] = [between(-0.25, 0.25), between(-0.18, 0.18)];
  const turn = between(0, Math.PI);
  const flatness = between(0.62, 1);
  const irregularity = between(0.3, 1.3);
  const waves = Array.from({ length: 11 }, (_, i) => {
    const count = i + 2;
    return {
      count,
      size: (irregularity * between(-0.18, 0.18)) / count ** 0.8,
      phase: between(0, 7),
    };
  });
  return (x, y) => {
    const [dx, dy] = [x - centreX, y - centreY];
    const along = dx * Math.cos(turn) + dy * Math.sin(turn);
    const across = (dy * Math.cos(turn) - dx * Math.sin(turn)) / flatness;
    const angle = Math.atan2(across, along);
    let border = 1;
    for (const { count, size, phase } of waves) border += size * Math.cos(count * angle + phase);
    return Math.hypot(along, across) / (radius * border);
  };
}

/** 1 on the walls of a hexagonal lattice, 0 in its cells. */
function honeycomb(x: number, y: number): number {
  const waves = Math.cos(x) + Math.cos(x / 2 + y * 0.866) + Math.cos(x / 2 - y * 0.866);
  return 1 - smoothstep(-0.9, 0.6, waves);
}

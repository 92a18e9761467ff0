/**
 * From what may happen to what happens to one image: the chances are drawn here, and nowhere else. Each
 * operation draws from a stream named by its place in the tree, counted among operations of its kind, so that
 * adding another operation, or changing its ranges, leaves what this one draws.
 */
import { randomStream, shuffled, type RandomStream } from '../maskrcnn/random.ts';
import type { Augmentation, Combinator, LeafOperation } from './operations.ts';

/** An operation with its numbers, of the same meaning as in `operations.ts`. */
export type DrawnOperation =
  | { readonly op: 'fliplr' | 'flipud' }
  | { readonly op: 'rot90'; readonly k: number }
  | {
      readonly op: 'affine';
      readonly scale: number;
      readonly shear: number;
      readonly rotate: number;
      /** Shares of the height and of the width. */
      readonly translate: readonly [y: number, x: number];
    }
  | {
      readonly op: 'crop';
      /** Shares of the height and of the width that are cut off. */
      readonly top: number;
      readonly right: number;
      readonly bottom: number;
      readonly left: number;
    }
  | {
      readonly op: 'elastic';
      readonly alpha: number;
      readonly sigma: number;
      /** Of the noise. */
      readonly seed: number;
    }
  | { readonly op: 'brightness'; readonly multiply: number; readonly add: number }
  | { readonly op: 'contrast'; readonly alpha: number }
  | { readonly op: 'gamma'; readonly gamma: number }
  | { readonly op: 'hueSaturation'; readonly hue: number; readonly saturation: number }
  | { readonly op: 'gaussianBlur'; readonly sigma: number }
  | {
      readonly op: 'gaussianNoise';
      readonly scale: number;
      readonly perChannel: boolean;
      readonly seed: number;
    };

const SEEDS = 2 ** 31;

/** What `spec` does to one image, in order; `random` (of which one number is taken) decides. */
export function drawAugmentation(spec: Augmentation, random: RandomStream): DrawnOperation[] {
  return draw(spec, { seed: random.below(SEEDS), path: [spec.op] });
}

interface Place {
  readonly seed: number;
  /** Names of the operations from the root, each with its count among siblings of its kind. */
  readonly path: readonly (string | number)[];
}

function draw(spec: Augmentation, place: Place): DrawnOperation[] {
  const random = randomStream(place.seed, ...place.path);
  if (random.uniform() >= spec.p) return [];
  if ('children' in spec) return chosen(spec, place, random).flatMap((child) => draw(...child));
  return [drawLeaf(spec, random)];
}

type Child = readonly [Augmentation, Place];

function chosen(spec: Combinator, { seed, path }: Place, random: RandomStream): Child[] {
  const seen = new Map<string, number>();
  const all = spec.children.map((child): Child => {
    const count = seen.get(child.op) ?? 0;
    seen.set(child.op, count + 1);
    return [child, { seed, path: [...path, child.op, count] }];
  });
  switch (spec.op) {
    case 'sequence':
    case 'sometimes':
      return all;
    case 'oneOf':
      return some(all, 1, random);
    case 'someOf': {
      const [least, most] = [spec.count[0], spec.count[1] ?? all.length];
      return some(all, least + random.below(most - least + 1), random);
    }
  }
}

/** `count` different ones, in their order. */
function some<T>(items: readonly T[], count: number, random: RandomStream): T[] {
  const taken = new Set(shuffled([...items.keys()], random).slice(0, count));
  return items.filter((_, index) => taken.has(index));
}

function drawLeaf(spec: LeafOperation, random: RandomStream): DrawnOperation {
  const within = ([least, most]: readonly [number, number]): number =>
    least + (most - least) * random.uniform();
  switch (spec.op) {
    case 'fliplr':
    case 'flipud':
      return { op: spec.op };
    case 'rot90':
      return { op: spec.op, k: spec.k[random.below(spec.k.length)] as number };
    case 'affine':
      return {
        op: spec.op,
        scale: within(spec.scale),
        shear: within(spec.shear),
        rotate: within(spec.rotate),
        translate: [within(spec.translatePercent), within(spec.translatePercent)],
      };
    case 'crop': {
      const { percent } = spec;
      const [top, right] = [within(percent), within(percent)];
      return { op: spec.op, top, right, bottom: within(percent), left: within(percent) };
    }
    case 'elastic': {
      const [alpha, sigma] = [within(spec.alpha), within(spec.sigma)];
      return { op: spec.op, alpha, sigma, seed: random.below(SEEDS) };
    }
    case 'brightness':
      return { op: spec.op, multiply: within(spec.multiply), add: within(spec.add) };
    case 'contrast':
      return { op: spec.op, alpha: within(spec.alpha) };
    case 'gamma':
      return { op: spec.op, gamma: within(spec.gamma) };
    case 'hueSaturation':
      return { op: spec.op, hue: within(spec.hue), saturation: within(spec.saturation) };
    case 'gaussianBlur':
      return { op: spec.op, sigma: within(spec.sigma) };
    case 'gaussianNoise': {
      const { perChannel } = spec;
      return { op: spec.op, scale: within(spec.scale), perChannel, seed: random.below(SEEDS) };
    }
  }
}

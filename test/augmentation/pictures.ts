/** Small annotated images for the tests of augmentation. */
import fc from 'fast-check';
import type { DrawnOperation } from '../../augmentation/draw.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';

interface Size {
  readonly height: number;
  readonly width: number;
}

/** Random colours inside of `window`, black outside; `masks` are its instances. */
export function picture(
  { height, width }: Size,
  {
    window = [0, 0, height, width],
    masks = [],
    seed = 1,
  }: Partial<Pick<AnnotatedImage, 'window'>> & { masks?: Uint8Array[]; seed?: number } = {},
): AnnotatedImage {
  const random = randomStream(seed);
  const pixels = new Uint8Array(3 * height * width);
  const [y1, x1, y2, x2] = window;
  for (let y = y1; y < y2; y++) {
    for (let i = 3 * (y * width + x1); i < 3 * (y * width + x2); i++) pixels[i] = random.below(256);
  }
  const instances = masks.map((mask, i) => ({ classId: i + 1, mask }));
  const originalSize = [height, width] as const;
  return { id: 'x', height, width, pixels, window, originalSize, scale: 1.5, instances };
}

/** 1 within `radius` of the place that is the shares `cy` and `cx` of the height and the width. */
export function disk(
  { height, width }: Size,
  { cy, cx, radius }: { readonly cy: number; readonly cx: number; readonly radius: number },
): Uint8Array {
  return Uint8Array.from({ length: height * width }, (_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return Math.hypot(y - cy * height, x - cx * width) <= radius ? 1 : 0;
  });
}

/** Values outside of the window that are not black. */
export function colouredOutside({ pixels, width, window }: AnnotatedImage): number {
  const [y1, x1, y2, x2] = window;
  return pixels.reduce((count, value, i) => {
    const [y, x] = [Math.floor(i / 3 / width), Math.floor(i / 3) % width];
    const outside = y < y1 || y >= y2 || x < x1 || x >= x2;
    return count + (outside && value !== 0 ? 1 : 0);
  }, 0);
}

/** The largest difference of two values at the same place. */
export function furthestApart(some: ArrayLike<number>, others: ArrayLike<number>): number {
  let most = 0;
  for (let i = 0; i < some.length; i++) {
    most = Math.max(most, Math.abs((some[i] as number) - (others[i] as number)));
  }
  return most;
}

/** Of any size, window and contents, with one random mask. */
export const anyPicture: fc.Arbitrary<AnnotatedImage> = fc
  .record({
    height: fc.integer({ min: 1, max: 24 }),
    width: fc.integer({ min: 1, max: 24 }),
    seed: fc.nat(),
  })
  .map(({ height, width, seed }) => {
    const random = randomStream(seed);
    const mask = Uint8Array.from({ length: height * width }, () => random.below(2));
    const [y1, x1] = [random.below(height), random.below(width)];
    const y2 = y1 + 1 + random.below(height - y1);
    const x2 = x1 + 1 + random.below(width - x1);
    return picture({ height, width }, { window: [y1, x1, y2, x2], masks: [mask], seed });
  });

const share = fc.double({ min: 0, max: 0.3, noNaN: true });
const between = (min: number, max: number) => fc.double({ min, max, noNaN: true });

export const anyMove: fc.Arbitrary<DrawnOperation> = fc.oneof(
  fc.constantFrom<DrawnOperation>({ op: 'fliplr' }, { op: 'flipud' }),
  fc.record({ op: fc.constant('rot90' as const), k: fc.integer({ min: 0, max: 3 }) }),
  fc.record({
    op: fc.constant('affine' as const),
    scale: between(0.7, 1.4),
    shear: between(-20, 20),
    rotate: between(-180, 180),
    translate: fc.tuple(between(-0.2, 0.2), between(-0.2, 0.2)),
  }),
  fc.record({
    op: fc.constant('crop' as const),
    top: share,
    right: share,
    bottom: share,
    left: share,
  }),
  fc.record({
    op: fc.constant('elastic' as const),
    alpha: between(0, 80),
    sigma: between(4, 12),
    seed: fc.nat(),
  }),
);

export const anyColourChange: fc.Arbitrary<DrawnOperation> = fc.oneof(
  fc.record({
    op: fc.constant('brightness' as const),
    multiply: between(0, 10),
    add: between(-255, 255),
  }),
  fc.record({ op: fc.constant('contrast' as const), alpha: between(0, 10) }),
  fc.record({ op: fc.constant('gamma' as const), gamma: between(0.1, 10) }),
  fc.record({
    op: fc.constant('hueSaturation' as const),
    hue: between(-180, 180),
    saturation: between(0, 10),
  }),
  fc.record({ op: fc.constant('gaussianBlur' as const), sigma: between(0, 20) }),
  fc.record({
    op: fc.constant('gaussianNoise' as const),
    scale: between(0, 128),
    perChannel: fc.boolean(),
    seed: fc.nat(),
  }),
);

/**
 * The hash stays near where a picture was only changed on the way (coded anew, resized, brightened, turned), and far
 * where it is another lesion. Would catch: a hash of brightness instead of shape, limits that ISIC's own pictures do
 * not bear out.
 */
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import sharp from 'sharp';
import { openPairs, samplePairs } from '../../../cli/inspect/open-pairs.ts';
import { measurePairs } from '../../../datasets/fingerprint/measure-pairs.ts';
import {
  correlationOf,
  findNearDuplicates,
  LEAST_CORRELATION,
  MOST_BITS_APART,
} from '../../../datasets/fingerprint/near-duplicates.ts';
import {
  hashDistance,
  perceptualHash,
  SKETCH_SIDE,
  turned,
} from '../../../datasets/fingerprint/perceptual-hash.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import { describeWithShared, sharedPath } from '../../support/shared.ts';

const PIXELS = SKETCH_SIDE * SKETCH_SIDE;
const sketches = fc.uint8Array({ minLength: PIXELS, maxLength: PIXELS });

/** Smooth and different for each seed, as photographs are. */
function scene(seed: number): Uint8Array {
  const random = randomStream(seed, 'scene');
  const waves = Array.from({ length: 12 }, () => ({
    y: random.below(9),
    x: random.below(9),
    phase: 6.3 * random.uniform(),
    size: 4 + 12 * random.uniform(),
  }));
  return Uint8Array.from({ length: PIXELS }, (_, at) => {
    const [y, x] = [Math.floor(at / SKETCH_SIDE), at % SKETCH_SIDE];
    return waves.reduce(
      (sum, wave) =>
        sum +
        wave.size * Math.cos((Math.PI * (wave.y * y + wave.x * x)) / SKETCH_SIDE + wave.phase),
      128,
    );
  });
}

test('a distance is symmetric, zero to itself, and at most all bits; stopping early tells no lie', () => {
  fc.assert(
    fc.property(sketches, sketches, fc.integer({ min: 0, max: 256 }), (a, b, most) => {
      const [first, second] = [perceptualHash(a), perceptualHash(b)];
      const distance = hashDistance(first, second);
      expect(hashDistance(second, first)).toBe(distance);
      expect(hashDistance(first, first)).toBe(0);
      expect(distance).toBeLessThanOrEqual(256);
      expect(hashDistance(first, second, most) <= most).toBe(distance <= most);
    }),
    { numRuns: 50 },
  );
});

test('half of the bits are set: the median parts them', () => {
  const empty = new Uint32Array(8);
  for (let seed = 0; seed < 20; seed++) {
    expect(hashDistance(perceptualHash(scene(seed)), empty)).toBe(128);
  }
});

test('brightness and contrast hardly change it, another scene changes half of it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1e6 }),
      fc.double({ min: 0.7, max: 1.3, noNaN: true }),
      fc.integer({ min: -20, max: 20 }),
      (seed, factor, shift) => {
        const one = scene(seed);
        const changed = one.map((value) =>
          Math.min(255, Math.max(0, factor * (value - 128) + 128 + shift)),
        );
        expect(hashDistance(perceptualHash(one), perceptualHash(changed))).toBeLessThanOrEqual(40);
        expect(correlationOf(one, changed)).toBeGreaterThan(0.95);
        const other = perceptualHash(scene(seed + 1));
        expect(hashDistance(perceptualHash(one), other)).toBeGreaterThan(MOST_BITS_APART);
      },
    ),
    { numRuns: 40 },
  );
});

test('all eight positions differ, and turning any of them gives the same eight', () => {
  const positions = (sketch: Uint8Array) =>
    turned(sketch).map((one) => Buffer.from(one).toString('hex'));
  const all = positions(scene(3));
  expect(new Set(all).size).toBe(8);
  for (const one of turned(scene(3))) expect(positions(one).sort()).toEqual([...all].sort());
});

test('a pair is found once, the most alike first, and a mirrored one is told', () => {
  const [one, other] = [scene(1), scene(2)];
  const mirrored = turned(other)[4] ?? other;
  const brighter = one.map((value) => Math.min(255, value + 9));
  const found = findNearDuplicates([
    { id: 'a', sketch: one },
    { id: 'b', sketch: other },
    { id: 'c', sketch: brighter },
    { id: 'd', sketch: mirrored },
    { id: 'e', sketch: scene(4) },
  ]);
  expect(found.map(({ ids, isTurned }) => [...ids, isTurned])).toEqual(
    expect.arrayContaining([
      ['a', 'c', false],
      ['b', 'd', true],
    ]),
  );
  expect(found).toHaveLength(2);
  expect(found[0]?.bits).toBeLessThanOrEqual(found[1]?.bits ?? 0);
});

test('pictures of one colour are no near-duplicates of anything', () => {
  const flat = (id: string, value: number) => ({ id, sketch: new Uint8Array(PIXELS).fill(value) });
  expect(findNearDuplicates([flat('a', 10), flat('b', 200), flat('c', 10)])).toEqual([]);
});

const ARCHIVES = {
  images: 'isic2018-512/ISIC2018_Task1-2_Training_Input.zip',
  masks: 'isic2018-512/ISIC2018_Task1_Training_GroundTruth.zip',
};

describeWithShared('real lesions', 'isic2018-512', () => {
  const opened = () =>
    openPairs({ images: sharedPath(ARCHIVES.images), masks: sharedPath(ARCHIVES.masks) });

  test('stay near when coded anew, resized, brightened or turned; others do not come near', async () => {
    await using data = await opened();
    const pairs = samplePairs(data.pairs, { count: 12, seed: 7 });
    const variants: readonly (readonly [string, (bytes: Uint8Array) => Promise<Buffer>])[] = [
      ['recoded', (bytes) => sharp(bytes).jpeg({ quality: 35 }).toBuffer()],
      ['resized', (bytes) => sharp(bytes).resize(181, 133, { fit: 'fill' }).jpeg().toBuffer()],
      ['brighter', (bytes) => sharp(bytes).linear(1.12, 6).png().toBuffer()],
      ['turned', (bytes) => sharp(bytes).rotate(90).jpeg().toBuffer()],
    ];
    for (const [name, change] of variants) {
      const changed = new Map(
        await Promise.all(
          pairs.map(
            async ({ image }) =>
              [image.key, await change(await data.store.get(image.key))] as const,
          ),
        ),
      );
      const all = await Promise.all([
        measurePairs({ store: data.store, pairs }),
        // A mask of the changed size is not there; the sketch is of the image alone.
        sketchesOf(
          changed,
          pairs.map(({ id, image }) => [id, image.key] as const),
        ),
      ]);
      const found = findNearDuplicates([...all[0].measures, ...all[1]]);
      expect([name, found.map(({ ids }) => ids.join()).sort()]).toEqual([
        name,
        pairs.map(({ id }) => `${id},${id}-changed`).sort(),
      ]);
    }
  });

  /** Pairs that were looked at: the same lesion, photographed or developed twice. */
  const KNOWN = [
    ['ISIC_0012672', 'ISIC_0012673'],
    ['ISIC_0000201', 'ISIC_0015023'],
    ['ISIC_0000182', 'ISIC_0015395'],
    ['ISIC_0015945', 'ISIC_0015946'],
    ['ISIC_0001134', 'ISIC_0010016'],
    ['ISIC_0000189', 'ISIC_0015161'],
  ] as const;
  /** Pairs that look alike and are different lesions. */
  const ALIKE = [
    ['ISIC_0013416', 'ISIC_0015942'],
    ['ISIC_0015949', 'ISIC_0016038'],
    ['ISIC_0000199', 'ISIC_0010571'],
    ['ISIC_0010088', 'ISIC_0010598'],
  ] as const;

  test('the limits part the same lesions from those that only look alike', async () => {
    await using data = await opened();
    const wanted = new Set<string>([...KNOWN, ...ALIKE].flat());
    const pairs = data.pairs.filter(({ id }) => wanted.has(id));
    const { measures } = await measurePairs({ store: data.store, pairs });
    const found = findNearDuplicates(measures);
    expect(found.map(({ ids }) => ids.join()).sort()).toEqual(
      KNOWN.map((ids) => ids.join()).sort(),
    );
    expect(found.filter(({ isTurned }) => isTurned).map(({ ids }) => ids[0])).toEqual([
      'ISIC_0000189',
    ]);
    for (const { correlation } of found)
      expect(correlation).toBeGreaterThanOrEqual(LEAST_CORRELATION);
  });
});

async function sketchesOf(
  changed: ReadonlyMap<string, Buffer>,
  ids: readonly (readonly [string, string])[],
) {
  return Promise.all(
    ids.map(async ([id, key]) => {
      const grey = await sharp(changed.get(key))
        .greyscale()
        .resize(SKETCH_SIDE, SKETCH_SIDE, { fit: 'fill' })
        .raw()
        .toBuffer();
      return { id: `${id}-changed`, sketch: new Uint8Array(grey) };
    }),
  );
}

/** Planted oddities, in real files: each is found under its name, and ordinary pictures are not. */
import { beforeAll, describe, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { findings } from '../../../datasets/fingerprint/findings.ts';
import { measurePairs, type MeasuredPairs } from '../../../datasets/fingerprint/measure-pairs.ts';
import { findNearDuplicates } from '../../../datasets/fingerprint/near-duplicates.ts';
import { duplicateFindings, leaks, withParts } from '../../../datasets/fingerprint/split-leak.ts';
import { summarise } from '../../../datasets/fingerprint/summary.ts';
import type { EntryPair } from '../../../datasets/pair-entries.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import { greyPng } from '../zips.ts';
import { measured } from './invented-pairs.ts';

const [WIDTH, HEIGHT] = [120, 90];
type Inside = (x: number, y: number) => boolean;

const disc =
  (radius: number, centreX = 60, centreY = 45): Inside =>
  (x, y) =>
    Math.hypot(x - centreX, y - centreY) < radius;

interface Planted {
  readonly lesion: Inside;
  /** @default of the lesion */
  readonly painted?: Inside;
  readonly skin?: readonly [number, number, number];
  readonly pigment?: readonly [number, number, number];
  readonly rim?: true;
}

async function filesOf(id: string, { lesion, painted = lesion, ...colours }: Planted) {
  const { skin = [200, 160, 150], pigment = [110, 70, 60], rim } = colours;
  const random = randomStream(1, id);
  const [a, b, c] = [random.uniform(), random.uniform(), random.uniform()];
  const pixels = Buffer.alloc(3 * WIDTH * HEIGHT);
  for (let at = 0; at < WIDTH * HEIGHT; at++) {
    const [x, y] = [at % WIDTH, Math.floor(at / WIDTH)];
    const cloud = 14 * Math.sin(a * x * 0.5 + 7 * b) * Math.cos(c * y * 0.5 + 5 * a);
    const light = rim && Math.hypot(x - 60, y - 45) > 50 ? 0.02 : 1;
    const colour = painted(x, y) ? pigment : skin;
    colour.forEach((value, channel) => (pixels[3 * at + channel] = light * (value + cloud)));
  }
  const raw = { width: WIDTH, height: HEIGHT, channels: 3 } as const;
  return {
    image: await sharp(pixels, { raw }).jpeg({ quality: 95 }).toBuffer(),
    mask: await greyPng(WIDTH, HEIGHT, (x, y) => (lesion(x, y) ? 255 : 0)),
  };
}

const planted: Readonly<Record<string, Planted>> = {
  tiny: { lesion: disc(4) },
  huge: { lesion: disc(72) },
  border: { lesion: (x, y) => x < 40 && y < 200 },
  parts: { lesion: (x, y) => disc(12, 30)(x, y) || disc(10, 90)(x, y) },
  specks: { lesion: (x, y) => disc(20)(x, y) || (x === 110 && y === 80) },
  faint: { lesion: disc(20), pigment: [198, 158, 149] },
  inverted: { lesion: (x, y) => !disc(20)(x, y), painted: disc(20) },
  rim: { lesion: disc(18), rim: true },
  blue: { lesion: disc(20), skin: [120, 150, 230] },
  empty: { lesion: () => false },
};

describe('planted', () => {
  let result: MeasuredPairs;
  beforeAll(async () => {
    const files = new Map<string, Buffer>();
    const pairs: EntryPair[] = [];
    const add = async (id: string, pair: Planted) => {
      const { image, mask } = await filesOf(id, pair);
      const entry = (role: string, path: string, contents: Buffer) => {
        files.set(`${role}:${path}`, contents);
        return { path, key: `${role}:${path}`, bytes: contents.length, crc32: 0 };
      };
      pairs.push({
        id,
        image: entry('images', `${id}.jpg`, image),
        mask: entry('masks', `${id}_segmentation.png`, mask),
      });
    };
    for (const [id, pair] of Object.entries(planted)) await add(id, pair);
    for (let i = 0; i < 30; i++) {
      await add(`usual${String(i)}`, { lesion: disc(14 + (i % 9), 50 + (i % 7), 40 + (i % 5)) });
    }
    const get = (key: string) => Promise.resolve(new Uint8Array(files.get(key) ?? []));
    result = await measurePairs({ store: { get }, pairs });
  });

  test('each oddity is named under its kind, and nothing usual is', () => {
    const found = findings({ ...result, side: 128 });
    const named = new Map(found.map(({ kind, pictures }) => [kind, pictures.map(({ id }) => id)]));
    expect(named.get('unusable')).toEqual(['empty']);
    expect(named.get('tiny-lesion')).toEqual(['tiny']);
    expect(named.get('huge-lesion')).toEqual(['huge']);
    expect(named.get('border')).toEqual(expect.arrayContaining(['border', 'huge', 'inverted']));
    expect(named.get('several-parts')).toEqual(['parts']);
    expect(named.get('specks')).toEqual(['specks']);
    expect(named.get('faint-lesion')).toEqual(['faint']);
    expect(named.get('bright-lesion')).toEqual(['inverted']);
    expect(named.get('dark-corners')).toEqual(['rim']);
    expect(named.get('odd-colour')).toEqual(expect.arrayContaining(['blue']));
    expect(named.get('odd-colour')).not.toEqual(expect.arrayContaining(['usual0']));
    // All are smaller than the training square, and few.
    expect(named.get('small-picture')).toHaveLength(39);
    expect(named.has('few-pairs')).toBe(true);
    for (const { title, advice } of found) {
      expect(title).toMatch(/^\d.*\.$/);
      expect(advice).toMatch(/^[A-Z].*[.)]$/);
    }
  });

  test('the summary counts and maps them', () => {
    const { lesions, images, darkCorners, colours } = summarise(result.measures);
    expect(images.sizes).toEqual([{ width: WIDTH, height: HEIGHT, images: 39 }]);
    expect(lesions.bordersTouched[3]).toBe(1);
    expect(lesions.parts).toEqual([
      { parts: 1, lesions: 37 },
      { parts: 2, lesions: 2 },
    ]);
    expect(darkCorners[4]).toBe(1);
    const [middle = 0, corner = 1] = [lesions.heat[16]?.[16], lesions.heat[0]?.[31]];
    expect(middle).toBeGreaterThan(0.8);
    expect(corner).toBeLessThan(0.1);
    expect(colours.lesion.mean[0]).toBeLessThan(colours.skin.mean[0]);
    expect(lesions.area.least).toBeCloseTo((Math.PI * 16) / (WIDTH * HEIGHT), 2);
  });
});

describe('near-duplicates and the split', () => {
  const duplicate = (a: string, b: string) => ({
    ids: [a, b] as const,
    bits: 4,
    correlation: 0.99,
    isTurned: false,
  });
  const split = { training: ['a', 'b', 'c'], validation: ['d', 'e'] };

  test('only a pair on both sides is a leak; what the split leaves out is in neither', () => {
    const pairs = withParts([duplicate('a', 'd'), duplicate('b', 'c'), duplicate('a', 'x')], split);
    expect(pairs.map(({ parts }) => parts)).toEqual([
      ['training', 'validation'],
      ['training', 'training'],
      ['training', 'neither'],
    ]);
    expect(pairs.map(leaks)).toEqual([true, false, false]);
    const found = duplicateFindings(pairs);
    expect(found.map(({ kind, level }) => [kind, level])).toEqual([
      ['split-leak', 'act'],
      ['near-duplicates', 'note'],
    ]);
    expect(found[0]?.pictures).toEqual([
      { id: 'a', caption: 'training, like d' },
      { id: 'd', caption: 'validation, like a' },
    ]);
    expect(duplicateFindings([])).toEqual([]);
  });

  test('pictures of one colour do not count', () => {
    expect(findNearDuplicates([measured({ id: 'a' }), measured({ id: 'b' })])).toEqual([]);
  });
});

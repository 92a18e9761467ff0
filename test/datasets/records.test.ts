/** From a data set to what a training step reads: geometry, shards, the disk cache. */
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import sharp from 'sharp';
import { augmentationSchema } from '../../augmentation/schema.ts';
import { recordsManifestSchema } from '../../contracts/manifests.ts';
import type { DatasetRef, RecordsRef, SplitRef } from '../../contracts/references.ts';
import {
  DamagedShardError,
  UnknownRecordError,
  UnsupportedResizeModeError,
} from '../../datasets/errors.ts';
import { readOriginal, readOriginalMask } from '../../datasets/original-images.ts';
import { prefetched } from '../../maskrcnn/data/prefetch.ts';
import { prepareRecords } from '../../datasets/prepare-records.ts';
import { trainingRecipes, validationRecipes } from '../../datasets/loader/batch-recipe.ts';
import { readAugmented } from '../../datasets/loader/make-batch.ts';
import { openRecords, type RecordSet } from '../../datasets/record-set.ts';
import { packBits, unpackBits } from '../../datasets/records/bits.ts';
import { resizedPixels, resizeMaskNearest } from '../../datasets/records/make-record.ts';
import { splitDataset } from '../../datasets/split-dataset.ts';
import { squareFit } from '../../datasets/square-fit.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { resizeImage } from '../../maskrcnn/image/resize-image.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { withTestStore } from '../support/servers.ts';
import { datasetOf } from './support.ts';
import { jpeg, lesionPng } from './zips.ts';

const server = withTestStore();
const config = maskRcnnConfigSchema.parse({ imageMinDim: 64, imageMaxDim: 64 });
const SIZES = [
  [90, 60],
  [60, 90],
  [64, 64],
  [30, 20],
  [91, 64],
  [200, 67],
] as const;

let dataset: DatasetRef;
let split: SplitRef;
let records: RecordsRef;
let cacheFolder: string;

beforeAll(async () => {
  const { store } = server();
  cacheFolder = await mkdtemp(join(tmpdir(), 'lesionflow-cache-'));
  const named = async (
    make: (width: number, height: number, i: number) => Promise<Buffer>,
    end: string,
  ) =>
    Promise.all(
      SIZES.map(async ([width, height], i) => ({
        name: `ISIC_${String(i)}${end}`,
        contents: await make(width, height, i),
      })),
    );
  dataset = await datasetOf(store, {
    dataset: 'records',
    images: await named((width, height, i) => jpeg(width, height, 60 + 20 * i), '.jpg'),
    masks: await named(lesionPng, '_segmentation.png'),
  });
  split = await splitDataset({ store, dataset, seed: 1, validationShare: 0.2 });
  records = await prepareRecords({ store, dataset, split, config, shardBytes: 300 });
});
afterAll(() => rm(cacheFolder, { recursive: true, force: true }));

const opened = (folder = cacheFolder) =>
  openRecords({ store: server().store, records, cacheFolder: folder });

describe('the fit into the square', () => {
  test("is Matterport's, as the model library has it", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.integer({ min: 1, max: 200 }),
        fc.constantFrom([64, 64], [32, 64], [50, 128]),
        fc.constantFrom(0, 1.5),
        (height, width, [minDim = 0, maxDim = 0], minScale) => {
          const fit = squareFit({ height, width }, { minDim, maxDim, minScale });
          fc.pre(Math.round(Math.min(height, width) * fit.scale) > 0);
          const pixels = new Uint8Array(height * width * 3);
          const options = { mode: 'square', minDim, maxDim, minScale } as const;
          const expected = resizeImage({ pixels, height, width }, options);
          expect({ scale: fit.scale, window: fit.window }).toEqual({
            scale: expected.scale,
            window: expected.window,
          });
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('resizing', () => {
  /** A pattern of 240 by 160 pixels, shrunk by five; its red channel. */
  async function shrunk(value: (x: number, y: number) => number): Promise<number[][]> {
    const [width, height] = [240, 160];
    const source = Buffer.alloc(width * height * 3);
    for (let i = 0; i < width * height; i++) {
      source.fill(value(i % width, Math.floor(i / width)), 3 * i, 3 * i + 3);
    }
    const png = await sharp(source, { raw: { width, height, channels: 3 } })
      .png()
      .toBuffer();
    const fit = squareFit({ width, height }, { minDim: 32, maxDim: 48, minScale: 0 });
    expect(fit).toMatchObject({ scale: 0.2, width: 48, height: 32 });
    const pixels = await resizedPixels(png, fit);
    return Array.from({ length: 32 }, (_, y) =>
      Array.from({ length: 48 }, (_, x) => pixels[3 * (y * 48 + x)] ?? 0),
    );
  }

  test('averages what is too fine to be seen, instead of sampling it', async () => {
    for (const row of await shrunk((x, y) => ((x + y) % 2 === 0 ? 255 : 0))) {
      for (const value of row) expect(Math.abs(value - 127.5)).toBeLessThan(2);
    }
  });

  test('keeps every place where it was', async () => {
    const slope = await shrunk((x) => x);
    for (const row of slope) {
      for (const [x, value] of row.entries()) {
        // The mean of the five columns under x; at the very border the kernel reaches outside.
        if (x > 1 && x < 46) expect(Math.abs(value - (5 * x + 2))).toBeLessThanOrEqual(1);
      }
    }
  });

  test('takes the mask pixel at each centre, and never loses a small lesion', () => {
    const mask = Uint8Array.from([0, 0, 1, 1, 0, 0, 1, 1]);
    expect([...resizeMaskNearest(mask, { from: [2, 4], to: [1, 2] })]).toEqual([0, 1]);
    expect([...resizeMaskNearest(mask, { from: [2, 4], to: [4, 8] })].slice(0, 8)).toEqual([
      0, 0, 0, 0, 1, 1, 1, 1,
    ]);
    const dot = new Uint8Array(100);
    dot[10] = 1;
    expect([...resizeMaskNearest(dot, { from: [10, 10], to: [2, 2] })]).toEqual([1, 0, 0, 0]);
  });
});

describe('records', () => {
  test('hold each image of the split at training size, padded, with its mask', async () => {
    await using set = await opened();
    expect(set.ids).toEqual(SIZES.map((_, i) => `ISIC_${String(i)}`));
    for (const [i, [width, height]] of SIZES.entries()) {
      const image = await set.read(`ISIC_${String(i)}`);
      expect(image).toMatchObject({ height: 64, width: 64, originalSize: [height, width] });
      const fit = squareFit({ height, width }, { minDim: 64, maxDim: 64, minScale: 0 });
      expect(image.window).toEqual(fit.window);
      expect(image.scale).toBe(fit.scale);
      const [top, left, bottom, right] = image.window;
      const mask = image.instances[0]?.mask ?? new Uint8Array(0);
      const misplaced = [...Array(64 * 64).keys()].filter((at) => {
        const [y, x] = [Math.floor(at / 64), at % 64];
        const inside = y >= top && y < bottom && x >= left && x < right;
        return inside ? image.pixels[3 * at] === 0 : image.pixels[3 * at] !== 0 || mask[at] !== 0;
      });
      expect(misplaced).toEqual([]);
      // The lesion is the middle quarter of the image, so it is of the window.
      const share = mask.reduce((sum, value) => sum + value, 0) / (fit.width * fit.height);
      expect(Math.abs(share - 0.25)).toBeLessThan(0.06);
      expect(mask[32 * 64 + 32]).toBe(1);
    }
  });

  test('are packed in several shards and made once', async () => {
    const { store } = server();
    const source = { key: records.manifestKey, hash: records.hash };
    const { shards } = await readNamedDocument(store, source, recordsManifestSchema);
    expect(shards.length).toBeGreaterThan(1);
    expect(shards.flatMap(({ ids }) => ids)).toHaveLength(SIZES.length);
    const seen: number[] = [];
    const again = { store, dataset, split, config, onProgress: () => seen.push(1) };
    expect(await prepareRecords(again)).toEqual(records);
    expect(seen).toEqual([]);
    // From scratch, the very same bytes come out.
    await store.delete(records.manifestKey);
    expect(await prepareRecords({ ...again, shardBytes: 300 })).toEqual(records);
  });

  test('of other images or modes are refused by name', async () => {
    await using set = await opened();
    await expect(set.read('ISIC_77')).rejects.toThrow(UnknownRecordError);
    const pad64 = maskRcnnConfigSchema.parse({ imageResizeMode: 'pad64', imageMinDim: 832 });
    await expect(
      prepareRecords({ store: server().store, dataset, split, config: pad64 }),
    ).rejects.toThrow(UnsupportedResizeModeError);
  });

  test('are read by many at once from one fetched file, which is mended when it is damaged', async () => {
    const folder = join(cacheFolder, 'fresh');
    await using one = await opened(folder);
    await using two = await opened(folder);
    const all = await Promise.all(
      [...one.ids, ...two.ids].map((id, i) => (i % 2 ? one : two).read(id)),
    );
    expect(all).toHaveLength(2 * SIZES.length);
    const files = await readdir(folder);
    expect(files.filter((name) => !name.endsWith('.shard'))).toEqual([]);

    const first = await one.read('ISIC_0');
    for (const name of files) await writeFile(join(folder, name), 'torn');
    await using three = await opened(folder);
    expect(await three.read('ISIC_0')).toEqual(first);
  });

  test('whose shard in the store is not the one that was named are an error', async () => {
    const { store } = server();
    const source = { key: records.manifestKey, hash: records.hash };
    const { shards } = await readNamedDocument(store, source, recordsManifestSchema);
    const shard = shards[0];
    if (shard === undefined) throw new Error('no shard');
    const good = await store.get(shard.key);
    await store.put(shard.key, 'something else');
    await using set = await opened(join(cacheFolder, 'damaged'));
    await expect(set.read(shard.ids[0] ?? '')).rejects.toThrow(DamagedShardError);
    await store.put(shard.key, good);
    // The same set recovers once the store has.
    expect((await set.read(shard.ids[0] ?? '')).id).toBe(shard.ids[0]);
  });

  test('keep the original pair readable at its own size', async () => {
    const { store } = server();
    const folder = `datasets/records/raw`;
    const keys: string[] = [];
    for await (const { key } of store.list(folder)) keys.push(key);
    const imageKey = keys.find((key) => key.endsWith('ISIC_5.jpg')) ?? '';
    const maskKey = keys.find((key) => key.endsWith('ISIC_5_segmentation.png')) ?? '';
    expect(await readOriginal(store, { imageKey })).toMatchObject({
      height: 67,
      width: 200,
      pixels: { length: 67 * 200 * 3 },
    });
    const mask = await readOriginalMask(store, { maskKey });
    expect([mask.length, Math.max(...mask)]).toEqual([67 * 200, 1]);
  });
});

describe('the batches of an epoch', () => {
  const options = (set: RecordSet) => ({ ids: set.ids, seed: 7, epoch: 3 });

  test('do not depend on how many there are', async () => {
    await using set = await opened();
    const whole = trainingRecipes({ ...options(set), batches: 5, batchSize: 2 });
    expect(whole.map(({ images }) => images.length)).toEqual([2, 2, 2, 2, 2]);
    const ids = [...set.ids].reverse();
    expect(trainingRecipes({ ...options(set), ids, batches: 3, batchSize: 2 })).toEqual(
      whole.slice(0, 3),
    );
    expect(new Set(whole.map(({ random }) => JSON.stringify(random))).size).toBe(5);
  });

  test('augment an image by the pass through the data, not by its place in a batch', async () => {
    await using set = await opened();
    const augmentation = augmentationSchema.parse({ op: 'brightness', multiply: [0.5, 1] });
    const read = async (plan: { readonly batches: number; readonly batchSize: number }) => {
      const images = trainingRecipes({ ...options(set), ...plan }).flatMap(({ images }) => images);
      return Promise.all(
        images.map((image) => readAugmented(image, { records: set, augmentation })),
      );
    };
    const passes = 3;
    const images = await read({ batches: passes * set.ids.length, batchSize: 1 });
    expect(await read({ batches: passes, batchSize: set.ids.length })).toEqual(images);
    const ofOneImage = images.filter(({ id }) => id === set.ids[0]);
    expect(new Set(ofOneImage.map(({ pixels }) => pixels.toString())).size).toBe(passes);
  });

  test('of validation come in a fixed order, only whole ones', async () => {
    await using set = await opened();
    const ids = [...set.ids].reverse();
    const recipes = validationRecipes({ ids, seed: 7, batchSize: 4 });
    expect(recipes.map(({ images }) => images.map(({ id }) => id))).toEqual([set.ids.slice(0, 4)]);
    expect(validationRecipes({ ids, seed: 7, batchSize: 1, batches: 2 })).toHaveLength(2);
    // Fewer than a batch are better than none.
    expect(validationRecipes({ ids, seed: 7, batchSize: 100 })).toHaveLength(1);
  });

  test('are read ahead, but not further than asked', async () => {
    let started = 0;
    const source = prefetched({
      items: Array.from({ length: 10 }, (_, i) => i),
      depth: 3,
      load: (item) => Promise.resolve((started++, item)),
    });
    expect((await source.next()).value).toBe(0);
    expect(started).toBe(4);
    await source.return(undefined);
    expect(started).toBe(4);
  });

  test('throw a reading error where its batch would be', async () => {
    const source = prefetched({
      items: [1, 2, 3],
      depth: 2,
      load: (item) => (item === 2 ? Promise.reject(new Error('broken')) : Promise.resolve(item)),
    });
    expect((await source.next()).value).toBe(1);
    await expect(source.next()).rejects.toThrow('broken');
  });
});

test('bits survive packing', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1)), (bits) => {
      const mask = Uint8Array.from(bits);
      expect(unpackBits(packBits(mask), mask.length)).toEqual(mask);
    }),
  );
  expect([...packBits(Uint8Array.from([1, 0, 0, 0, 0, 0, 0, 1, 1]))]).toEqual([0x81, 0x80]);
});

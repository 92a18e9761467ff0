/** The balloon example end to end: a set that it makes itself, training, colour splash. */
import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp from 'sharp';
import { BalloonDataset } from '../../examples/balloon/balloon-dataset.ts';
import { colourSplash } from '../../examples/balloon/splash.ts';
import { makeSyntheticSet } from '../../examples/balloon/synthetic.ts';
import { outlineMask, readVia } from '../../examples/balloon/via.ts';
import { temporaryFolder } from '../support/servers.ts';

let folder: string;
let remove: () => Promise<void>;
beforeAll(async () => {
  const made = await temporaryFolder();
  folder = made.path;
  remove = () => made.remove();
});
afterAll(() => remove());

const CLASSES = ['balloon', 'kite'];
const area = (mask: Uint8Array) => mask.reduce((sum, value) => sum + value, 0);

describe('annotations of the VGG Image Annotator', () => {
  const triangle = {
    shape_attributes: { name: 'polygon', all_points_x: [1, 7, 4], all_points_y: [1, 2, 8] },
    region_attributes: {},
  };

  async function read(contents: unknown) {
    const path = join(folder, 'via.json');
    await writeFile(path, JSON.stringify(contents));
    return readVia(path);
  }

  it('are read with regions as an object, as a list, and from a project file', async () => {
    const asObject = await read({ a: { filename: 'a.jpg', size: 1, regions: { 0: triangle } } });
    const asList = await read({ a: { filename: 'a.jpg', regions: [triangle] } });
    const project = {
      _via_settings: {},
      _via_img_metadata: { a: { filename: 'a.jpg', regions: [triangle] } },
    };
    expect(asList).toEqual(asObject);
    expect(await read(project)).toEqual(asObject);
    expect(asObject[0]?.regions[0]?.shape_attributes.name).toBe('polygon');
  });

  it('give masks for polygons, circles, ellipses and rectangles', () => {
    const size = [10, 10] as const;
    const square = { all_points_x: [2, 5, 5, 2], all_points_y: [1, 1, 3, 3] };
    expect(area(outlineMask({ name: 'polygon', ...square }, size))).toBe(12);
    expect(area(outlineMask({ name: 'circle', cx: 4, cy: 4, r: 1.5 }, size))).toBe(9);
    const flat = { name: 'ellipse', cx: 5, cy: 5, rx: 4, ry: 1.5, theta: 0 } as const;
    const upright = outlineMask({ ...flat, theta: Math.PI / 2 }, size);
    expect(outlineMask(flat, size)[5 * 10 + 8]).toBe(1);
    expect(upright[5 * 10 + 8]).toBe(0);
    expect(upright[8 * 10 + 5]).toBe(1);
    expect(area(outlineMask({ name: 'rect', x: 3, y: 2, width: 4, height: 5 }, size))).toBe(20);
  });

  it('name the file and the place of what is wrong', async () => {
    const point = { shape_attributes: { name: 'point', cx: 1, cy: 1 }, region_attributes: {} };
    await expect(read({ a: { filename: 'a.jpg', regions: [point] } })).rejects.toThrow(
      /via\.json[^]*a/,
    );
    await expect(readVia(join(folder, 'gone.json'))).rejects.toThrow(/gone\.json cannot be read/);
  });
});

describe('BalloonDataset', () => {
  const options = () => ({
    folder: join(folder, 'set'),
    train: 6,
    validation: 2,
    side: 64,
    seed: 3,
  });
  beforeAll(() => makeSyntheticSet(options()));

  it('gives every outline as an instance of its class, several a picture', async () => {
    const dataset = await BalloonDataset.load(options().folder, 'train', CLASSES);
    expect(dataset.numImages).toBe(6);
    expect(dataset.classNames).toEqual(['BG', 'balloon', 'kite']);
    const seen = dataset.imageIds.map((imageId) => dataset.loadMask(imageId));
    expect(new Set(seen.flatMap(({ classIds }) => classIds))).toEqual(new Set([1, 2]));
    expect(Math.max(...seen.map(({ masks }) => masks.length))).toBeGreaterThan(1);
    for (const { masks } of seen) {
      expect(masks.every((mask) => mask.length === 64 * 64 && area(mask) > 60)).toBe(true);
    }
  });

  it('the masks lie on what is drawn, which is more colourful than the sky', async () => {
    const dataset = await BalloonDataset.load(options().folder, 'val', CLASSES);
    for (const imageId of dataset.imageIds) {
      const { pixels } = await dataset.loadImage(imageId);
      const { masks } = dataset.loadMask(imageId);
      const inside = (pixel: number) => masks.some((mask) => mask[pixel] === 1);
      const saturation = (pixel: number) => {
        const colour = [...pixels.subarray(3 * pixel, 3 * pixel + 3)];
        return Math.max(...colour) - Math.min(...colour);
      };
      const all = [...Array(64 * 64).keys()];
      const mean = (chosen: number[]) =>
        chosen.reduce((sum, pixel) => sum + saturation(pixel), 0) / chosen.length;
      expect(mean(all.filter(inside))).toBeGreaterThan(
        1.3 * mean(all.filter((pixel) => !inside(pixel))),
      );
    }
  });

  it('names picture, region and class where the class is not asked for', async () => {
    await expect(BalloonDataset.load(options().folder, 'train', ['balloon'])).rejects.toThrow(
      /region \d of train-\d+\.jpg is of the class "kite", which is none of balloon/,
    );
  });
});

describe('colourSplash', () => {
  it('keeps what is in a mask and truncates the grey of the rest, as the original does', () => {
    const pixels = Uint8Array.of(200, 100, 50, 200, 100, 50);
    const splashed = colourSplash({ pixels, height: 1, width: 2 }, [Uint8Array.of(0, 1)]);
    expect([...splashed]).toEqual([117, 117, 117, 200, 100, 50]);
  });
});

describe('the command line', () => {
  const main = fileURLToPath(new URL('../../examples/balloon/balloon.ts', import.meta.url));
  const run = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['--import', 'tsx', main, ...args], {
      cwd: fileURLToPath(new URL('../..', import.meta.url)),
      env: { ...process.env, NODE_OPTIONS: '', TF_CPP_MIN_LOG_LEVEL: '3' },
    });

  it('makes a set, trains on it a step and splashes a picture with the weights', async () => {
    const work = join(folder, 'cli');
    await mkdir(work);
    const [dataset, logs, output] = ['set', 'logs', 'splash.png'].map((name) => join(work, name));
    if (dataset === undefined || logs === undefined || output === undefined)
      throw new Error('three');
    await run('make', '--dataset', dataset, '--train', '4', '--val', '4');
    const model = ['--tiny', '--classes', 'balloon,kite', '--logs', logs];
    const training = ['--weights', 'scratch', '--epochs', '1', '--steps-per-epoch', '1'];
    const { stdout } = await run(
      'train',
      '--dataset',
      dataset,
      '--layers',
      'heads',
      ...model,
      ...training,
    );
    expect(stdout).toMatch(/4 pictures to train on, 4 to validate/);
    expect(stdout).toMatch(
      /epoch 1: loss \d+\.\d+, validation \d+\.\d+; saved .*mask_rcnn_balloon_0001\.h5/,
    );
    const image = join(dataset, 'val', 'val-000.jpg');
    const said = await run(
      'splash',
      '--weights',
      'last',
      '--image',
      image,
      '--output',
      output,
      ...model,
    );
    expect(said.stdout).toMatch(/\d found; wrote .*splash\.png/);
    expect(await sharp(output).metadata()).toMatchObject({ width: 64, height: 64, format: 'png' });
  }, 600_000);

  it('says in one line what it cannot do, and fails', async () => {
    const failure = run('train', '--dataset', join(folder, 'nowhere'), '--weights', 'scratch');
    await expect(failure).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/nowhere.*cannot be read/) as unknown,
    });
  }, 120_000);
});

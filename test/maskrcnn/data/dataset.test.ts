import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import sharp, { type Sharp } from 'sharp';
import { Dataset, type InstanceMasks } from '../../../maskrcnn/data/dataset.ts';
import { DatasetError, ImageError } from '../../../maskrcnn/data/errors.ts';
import { temporaryFolder } from '../../support/servers.ts';
import { redAndBlue, Shapes } from './shapes.ts';

/** Two sources that number their classes each in its own way. */
function animals(): Shapes {
  const dataset = new Shapes();
  dataset.addClass('coco', 17, 'cat,kitten');
  dataset.addClass('farm', 1, 'cow');
  dataset.addClass('coco', 18, 'dog');
  dataset.addClass('coco', 17, 'cat');
  dataset.add('4711', [], { source: 'coco' }).add('barn', [], { source: 'farm' });
  return dataset.prepare();
}

describe('Dataset', () => {
  it('numbers the classes of several sources, background first, and finds them both ways', () => {
    const dataset = animals();
    expect(dataset.numClasses).toBe(4);
    expect(dataset.classIds).toEqual([0, 1, 2, 3]);
    expect(dataset.classNames).toEqual(['BG', 'cat', 'cow', 'dog']);
    expect(dataset.mapSourceClassId('coco.18')).toBe(3);
    expect(dataset.getSourceClassId(3, 'coco')).toBe(18);
    expect(dataset.imageIds).toEqual([0, 1]);
    expect(dataset.mapSourceImageId('farm.barn')).toBe(1);
    expect(dataset.imageName(0)).toBe('coco.4711');
  });

  it('knows which classes a source annotates, the background in each', () => {
    const dataset = animals();
    expect(dataset.sources).toEqual(['', 'coco', 'farm']);
    expect(dataset.sourceClassIds('coco')).toEqual([0, 1, 3]);
    expect(dataset.sourceClassIds('farm')).toEqual([0, 2]);
    expect(dataset.activeClassIds(0)).toEqual([1, 1, 0, 1]);
    expect(dataset.activeClassIds(1)).toEqual([1, 0, 1, 0]);
  });

  it('wants to be prepared again after something was added', () => {
    const dataset = animals();
    dataset.addClass('farm', 2, 'hen');
    expect(() => dataset.numClasses).toThrow(/call prepare\(\)/);
    expect(dataset.prepare().sourceClassIds('farm')).toEqual([0, 2, 4]);
  });

  it('says what is wrong, with the value and what there is', () => {
    const dataset = animals();
    expect(() => dataset.mapSourceClassId('coco.1')).toThrow(/"coco.1".*"coco.17"/);
    expect(() => dataset.getSourceClassId(2, 'coco')).toThrow(/class 2 \(cow\) comes from "farm"/);
    expect(() => dataset.sourceClassIds('zoo')).toThrow(/"zoo"/);
    expect(() => dataset.imageInfo(2)).toThrow(/no image 2/);
    expect(() => dataset.classInfo(4)).toThrow(/no class 4/);
    expect(() => dataset.addClass('a.b', 1, 'x')).toThrow(/no dot/);
    expect(() => new Shapes().add('x', []).add('x', []).prepare()).toThrow(
      /shapes.x was added twice/,
    );
    expect(() => dataset.mapSourceImageId('coco.9')).toThrow(DatasetError);
  });

  it('an image whose source has no class cannot be used', () => {
    const dataset = redAndBlue().add('a', [], { source: 'elsewhere' }).prepare();
    expect(() => dataset.activeClassIds(0)).toThrow(/source "elsewhere"/);
  });
});

class Files extends Dataset {
  override loadMask(): InstanceMasks {
    return { masks: [], classIds: [] };
  }
}

describe('loadImage of a file', () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  const raw = (values: number[], channels: 1 | 2 | 3 | 4) =>
    sharp(Uint8Array.from(values), { raw: { height: 1, width: 2, channels } });
  beforeAll(async () => {
    folder = await temporaryFolder();
  });
  afterAll(() => folder.remove());

  async function load(name: string, picture?: Sharp) {
    const path = join(folder.path, name);
    await picture?.png().toFile(path);
    const files = new Files();
    files.addImage({ source: 'files', id: name, path });
    expect(files.imageReference(0)).toBe(path);
    return files.loadImage(0);
  }

  it('makes grey RGB and leaves an alpha channel out without blending', async () => {
    const grey = await load('grey.png', raw([7, 200], 1).toColourspace('b-w'));
    expect(grey).toEqual({ height: 1, width: 2, pixels: Uint8Array.of(7, 7, 7, 200, 200, 200) });
    const rgba = await load('rgba.png', raw([1, 2, 3, 0, 4, 5, 6, 128], 4));
    expect([...rgba.pixels]).toEqual([1, 2, 3, 4, 5, 6]);
    const rgb = await load('rgb.png', raw([1, 2, 3, 4, 5, 6], 3));
    expect([...rgb.pixels]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('names the image and the file that cannot be read', async () => {
    await expect(load('gone.png')).rejects.toThrow(ImageError);
    await expect(load('gone.png')).rejects.toThrow(/image files.gone.png: cannot read .*gone.png/);
  });
});

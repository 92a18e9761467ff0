import { describe, expect, it } from '@jest/globals';
import { ImageError } from '../../../maskrcnn/data/errors.ts';
import { loadAnnotatedImage, loadImageGt } from '../../../maskrcnn/data/load-image-gt.ts';
import { composeImageMeta } from '../../../maskrcnn/image/mold.ts';
import { randomStream } from '../../../maskrcnn/random.ts';
import { redAndBlue, Shapes, shapesConfig } from './shapes.ts';

const red = { sourceClass: 'shapes.1', box: [8, 8, 24, 16] } as const;
const blue = { sourceClass: 'shapes.2', box: [20, 40, 30, 60] } as const;

describe('loadImageGt', () => {
  it('gives image, meta data, classes, boxes and masks at the size of the network', async () => {
    const dataset = redAndBlue()
      .add('a', [red, blue], { size: [32, 64] })
      .prepare();
    const gt = await loadImageGt(dataset, 0, { config: shapesConfig() });
    expect([gt.image.height, gt.image.width]).toEqual([64, 64]);
    expect(gt.classIds).toEqual([1, 2]);
    // 16 rows of padding above.
    expect([...gt.boxes]).toEqual([24, 8, 40, 16, 36, 40, 46, 60]);
    expect(gt.masks.map((mask) => mask.reduce((a, b) => a + b))).toEqual([128, 200]);
    expect(composeImageMeta(gt.imageMeta)).toEqual([
      0, 32, 64, 3, 64, 64, 3, 16, 0, 48, 64, 1, 1, 1, 1,
    ]);
  });

  it('gives mini-masks on request, and drops an instance that the crop left out', async () => {
    const dataset = redAndBlue()
      .add('a', [red, blue], { size: [64, 128] })
      .prepare();
    const config = shapesConfig({ imageResizeMode: 'crop' });
    const seen = new Set<string>();
    for (let seed = 0; seed < 20; seed++) {
      const random = randomStream(seed);
      const gt = await loadImageGt(dataset, 0, { config, random, useMiniMask: true });
      expect(gt.masks.every(({ length }) => length === 14 * 14)).toBe(true);
      expect(gt.masks.length).toBe(gt.classIds.length);
      seen.add(gt.classIds.join());
    }
    // The cut is 64 wide: it starts left of both boxes, in one, or between them.
    expect(seen).toEqual(new Set(['1,2', '2', '']));
  });

  it('marks as active the classes of the source that the image comes from', async () => {
    const dataset = new Shapes();
    dataset.addClass('shapes', 1, 'red');
    dataset.addClass('others', 1, 'yellow');
    dataset.add('a', []).add('b', [], { source: 'others' }).prepare();
    const config = shapesConfig();
    const [a, b] = await Promise.all(
      [0, 1].map((id) => loadAnnotatedImage(dataset, id, { config })),
    );
    expect(a?.activeClassIds).toEqual([1, 1, 0]);
    expect(b?.activeClassIds).toEqual([1, 0, 1]);
  });

  it('augments with the stream, and refuses an augmentation that changes the size', async () => {
    const dataset = redAndBlue().add('a', [red]).prepare();
    const load = (seed: number) =>
      loadAnnotatedImage(dataset, 0, {
        config: shapesConfig(),
        random: randomStream(seed),
        augment: (image, random) => ({ ...image, scale: random.uniform() }),
      });
    expect((await load(1)).scale).toBe((await load(1)).scale);
    expect((await load(1)).scale).not.toBe((await load(2)).scale);
    const cut = loadAnnotatedImage(dataset, 0, {
      config: shapesConfig(),
      augment: (image) => ({ ...image, height: 32 }),
    });
    await expect(cut).rejects.toThrow(
      /image shapes.a: augmentation made 32 x 64 pixels of 64 x 64/,
    );
  });

  it('names image and class where masks or classes do not fit', async () => {
    class Wrong extends Shapes {
      override loadMask(imageId: number) {
        const short = { masks: [new Uint8Array(7)], classIds: [2] };
        const unknown = { masks: [new Uint8Array(64 * 64)], classIds: [9] };
        const uneven = { masks: [], classIds: [1] };
        return [short, unknown, uneven][imageId] ?? short;
      }
    }
    const dataset = new Wrong();
    dataset.addClass('shapes', 1, 'red');
    dataset.addClass('shapes', 2, 'blue');
    dataset.add('short', []).add('unknown', []).add('uneven', []).prepare();
    const load = (id: number) => loadAnnotatedImage(dataset, id, { config: shapesConfig() });
    await expect(load(0)).rejects.toThrow(ImageError);
    await expect(load(0)).rejects.toThrow(/shapes.short: .*instance 0 \(class 2\) has 7 pixels/);
    await expect(load(1)).rejects.toThrow(/shapes.unknown: .*class 9, but .* 1 to 2 \(red, blue/);
    await expect(load(2)).rejects.toThrow(/shapes.uneven: loadMask gave 0 masks and 1 class ids/);
  });
});

/** `Dataset` and `loadImageGt` against the reference, on a data set of two sources (goldens/make_image_gt.py). */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { Dataset, type InstanceMasks } from '../../../maskrcnn/data/dataset.ts';
import { loadImageGt } from '../../../maskrcnn/data/load-image-gt.ts';
import { composeImageMeta } from '../../../maskrcnn/image/mold.ts';
import type { PixelImage, ResizeMode } from '../../../maskrcnn/image/resize-image.ts';
import type { Box, Size } from '../../../maskrcnn/shapes.ts';
import { largestDifference, maskOf } from '../library/golden.ts';
import { shapesConfig } from './shapes.ts';

type GoldenShape = readonly [sourceClass: number, box: Box, crowd: boolean];

interface Golden {
  readonly images: readonly {
    readonly id: string;
    readonly source: string;
    readonly size: Size;
    readonly shapes: readonly GoldenShape[];
  }[];
  readonly class_names: string[];
  readonly source_class_ids: Readonly<Record<string, number[]>>;
  readonly class_from_source_map: Readonly<Record<string, number>>;
  readonly cases: readonly {
    readonly image: number;
    readonly mode: ResizeMode;
    readonly minDim: number;
    readonly maxDim: number;
    readonly minScale: number;
    readonly mini: boolean;
    readonly meta: number[];
    readonly class_ids: number[];
    readonly boxes: number[][];
    readonly masks: string[];
  }[];
}

const golden = JSON.parse(
  readFileSync(new URL('goldens/image-gt.json', import.meta.url), 'utf8'),
) as Golden;

/** Boxes with their upper left corner cut off. */
class CutBoxes extends Dataset<{ readonly size: Size; readonly shapes: readonly GoldenShape[] }> {
  override loadImage(imageId: number): PixelImage {
    const [height, width] = this.imageInfo(imageId).size;
    return { height, width, pixels: new Uint8Array(height * width * 3).fill(90) };
  }

  override loadMask(imageId: number): InstanceMasks {
    const { source, size, shapes } = this.imageInfo(imageId);
    return {
      masks: shapes.map(([, [y1, x1, y2, x2]]) =>
        maskOf(size, (y, x) => {
          const cut = y2 - y1 > 1 && y < Math.floor((y1 + y2) / 2) && x < Math.floor((x1 + x2) / 2);
          return y >= y1 && y < y2 && x >= x1 && x < x2 && !cut;
        }),
      ),
      classIds: shapes.map(([sourceClass, , crowd]) => {
        const classId = this.mapSourceClassId(`${source}.${String(sourceClass)}`);
        return crowd ? -classId : classId;
      }),
    };
  }
}

function dataset(): CutBoxes {
  const boxes = new CutBoxes();
  boxes.addClass('shapes', 1, 'red');
  boxes.addClass('others', 7, 'yellow,gold');
  boxes.addClass('shapes', 2, 'blue');
  for (const image of golden.images) boxes.addImage({ ...image, path: '' });
  return boxes.prepare();
}

describe('the data set of the reference', () => {
  it('numbers classes alike, and knows the sources alike', () => {
    const ours = dataset();
    expect(ours.classNames).toEqual(golden.class_names);
    for (const [source, ids] of Object.entries(golden.source_class_ids)) {
      expect(ours.sourceClassIds(source)).toEqual(ids);
    }
    for (const [key, id] of Object.entries(golden.class_from_source_map)) {
      expect(ours.mapSourceClassId(key)).toBe(id);
    }
  });

  it.each(golden.cases)(
    'image $image, mode $mode, $minDim to $maxDim, mini-masks $mini',
    async (expected) => {
      const config = {
        ...shapesConfig(),
        imageResizeMode: expected.mode,
        imageMinDim: expected.minDim,
        imageMaxDim: expected.maxDim,
        imageMinScale: expected.minScale,
      };
      const gt = await loadImageGt(dataset(), expected.image, {
        config,
        useMiniMask: expected.mini,
      });
      expect(largestDifference(composeImageMeta(gt.imageMeta), expected.meta)).toBeLessThan(1e-12);
      expect(gt.classIds).toEqual(expected.class_ids);
      expect([...gt.boxes]).toEqual(expected.boxes.flat());
      expect(gt.masks.map(fingerprint)).toEqual(expected.masks);
    },
  );
});

/** Area and hash of the bits as `np.packbits` makes them. */
function fingerprint(mask: Uint8Array): string {
  const packed = new Uint8Array(Math.ceil(mask.length / 8));
  mask.forEach((value, i) => (packed[i >> 3] = (packed[i >> 3] ?? 0) | (value << (7 - (i & 7)))));
  const hash = createHash('sha256').update(packed).digest('hex').slice(0, 16);
  return `${String(mask.reduce((a, b) => a + b))}:${hash}`;
}

import { beforeAll, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { MaskRcnnError } from '../../../maskrcnn/errors.ts';
import { extractBox } from '../../../maskrcnn/masks/extract-boxes.ts';
import { expandMask, minimizeMask } from '../../../maskrcnn/masks/mini-mask.ts';
import { pasteMask } from '../../../maskrcnn/masks/paste-mask.ts';
import type { Box, Size } from '../../../maskrcnn/shapes.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared } from '../../support/shared.ts';
import {
  differingPixels,
  largestDifference,
  lesionMask,
  maskOf,
  openTensors,
  readGolden,
  unpackBits,
} from './golden.ts';

interface MasksGolden {
  masks: { extract_bboxes: Box[]; minimized_instances: number[] };
  unmold_mask: { cases: { box: Box; image_shape: Size }[] };
}

const SIZE = [512, 512] as const;

describeWithShared('masks against the reference', 'parity/utils.json', () => {
  const golden = readGolden('utils') as MasksGolden;
  const tensor = openTensors('utils');
  let masks: Uint8Array[] = [];

  beforeAll(async () => {
    masks = [
      await lesionMask(),
      maskOf(SIZE, (y, x) => (y - 100) ** 2 + (x - 400) ** 2 < 3600),
      maskOf(SIZE, (y, x) => y > 500 && x < 9),
      new Uint8Array(512 * 512),
      maskOf(SIZE, (y, x) => Math.abs(y - 300) + Math.abs(x - 256) < 40),
    ];
  });

  it('extracts the boxes', () => {
    const boxes = masks.flatMap((mask) => extractBox(mask, SIZE));
    expectDeviation({
      part: 'utilities',
      quantity: 'extract_bboxes',
      deviation: largestDifference(boxes, golden.masks.extract_bboxes.flat()),
      tolerance: 0,
      unit: 'pixels',
    });
  });

  it.each([[56, 56] as const, [28, 40] as const])('minimises to %d x %d', (...miniSize) => {
    const expected = tensor(`mini_mask_${miniSize.join('x')}`);
    golden.masks.minimized_instances.forEach((instance, i) => {
      const mask = masks[instance] ?? new Uint8Array();
      const mini = minimizeMask({ mask, size: SIZE, box: extractBox(mask, SIZE), miniSize });
      const truth = Uint8Array.from(expected.filter((_, j) => j % 4 === i));
      expectDeviation({
        part: 'utilities',
        quantity: 'minimize_mask',
        deviation: differingPixels(mini, truth),
        tolerance: 10,
        unit: 'pixels',
      });
    });
  });

  it('expands', () => {
    const minis = tensor('mini_mask_56x56');
    const packed = tensor('expanded_packed');
    golden.masks.minimized_instances.forEach((instance, i) => {
      const miniMask = Uint8Array.from(minis.filter((_, j) => j % 4 === i));
      const box = golden.masks.extract_bboxes[instance] ?? [0, 0, 0, 0];
      const expanded = expandMask({ miniMask, miniSize: [56, 56], box, size: SIZE });
      const truth = unpackBits(packed.subarray(32768 * i), 512 * 512);
      expectDeviation({
        part: 'utilities',
        quantity: 'expand_mask',
        deviation: differingPixels(expanded, truth),
        tolerance: 10,
        unit: 'pixels',
      });
    });
  });

  it.each(golden.unmold_mask.cases.map((one, index) => ({ ...one, index })))(
    'pastes into $box of $image_shape',
    ({ box, image_shape: imageSize, index }) => {
      const pasted = pasteMask({
        mask: tensor('unmold_mask_in'),
        maskSize: [28, 28],
        box,
        imageSize,
      });
      const truth = unpackBits(tensor(`unmold_${String(index)}_packed`), pasted.length);
      expectDeviation({
        part: 'utilities',
        quantity: 'unmold_mask',
        deviation: differingPixels(pasted, truth),
        tolerance: 10,
        unit: 'pixels',
      });
    },
  );
});

describe('properties of masks', () => {
  it('a filled box has itself as its box, and survives the mini-mask exactly', () => {
    const corner = fc.integer({ min: 0, max: 40 });
    const side = fc.integer({ min: 1, max: 20 });
    fc.assert(
      fc.property(corner, corner, side, side, (y, x, height, width) => {
        const size: Size = [64, 61];
        const box: Box = [y, x, y + height, x + width];
        const mask = maskOf(
          size,
          (row, column) => row >= y && row < y + height && column >= x && column < x + width,
        );
        expect(extractBox(mask, size)).toEqual(box);
        const miniMask = minimizeMask({ mask, size, box, miniSize: [14, 14] });
        expect(expandMask({ miniMask, miniSize: [14, 14], box, size })).toEqual(mask);
      }),
    );
  });

  it('refuses an empty mask', () => {
    const size: Size = [4, 4];
    const mask = new Uint8Array(16);
    expect(() =>
      minimizeMask({ mask, size, box: extractBox(mask, size), miniSize: [2, 2] }),
    ).toThrow(MaskRcnnError);
  });
});

/** Run lengths: against pycocotools, the nucleus sample of the reference, and what holds for any mask. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { segmentationRuns } from '../../evaluation/coco/candidates.ts';
import { packRuns, unpackRuns } from '../../evaluation/coco/rle-string.ts';
import {
  compressRuns,
  decodeRle,
  encodeRle,
  maskToRuns,
  runsArea,
  runsBox,
  runsIntersection,
  runsToMask,
  runsUnion,
} from '../../evaluation/coco/rle.ts';
import { kaggleRleDecode, kaggleRleEncode } from '../../evaluation/kaggle-rle.ts';
import { extractBox } from '../../maskrcnn/masks/extract-boxes.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import type { Size } from '../../maskrcnn/shapes.ts';
import { differingPixels, readGolden } from '../maskrcnn/library/golden.ts';
import { expectDeviation } from '../support/parity-record.ts';
import { describeWithPython, pythonWith, runPython } from '../support/python.ts';
import { describeWithShared } from '../support/shared.ts';
import { outlineOf } from './coco-cases.ts';

const python = await pythonWith({ module: 'pycocotools', requirement: 'pycocotools==2.0.11' });

/** What pycocotools makes of masks (uint8, row by row) and of polygons, all of one size. */
const MEASURE = `
import json, sys
import numpy as np
from pycocotools import mask as api
given = json.load(open(sys.argv[1]))
size = given['size']
rles = [api.encode(np.asfortranarray(np.array(mask, np.uint8).reshape(size))) for mask in given['masks']]
drawn = [api.frPyObjects([polygon], *size)[0] for polygon in given['polygons']]
text = lambda rle: rle['counts'].decode()
print(json.dumps({
  'counts': [text(rle) for rle in rles],
  'areas': [int(api.area(rle)) for rle in rles],
  'boxes': [api.toBbox(rle).tolist() for rle in rles],
  'union': text(api.merge(rles[2:])),
  'polygons': [text(rle) for rle in drawn],
}))
`;

describeWithPython(python, "pycocotools' masks", (interpreter) => {
  const size: Size = [37, 53];
  const random = randomStream(3, 'rle');
  const pixels = size[0] * size[1];
  const masks = [
    ...[0, 1].map((value) => new Uint8Array(pixels).fill(value)),
    // From fine noise to long runs: noisy checkers of growing squares.
    ...[1, 2, 5, 11, 30].map((side) =>
      Uint8Array.from({ length: pixels }, (_, i) => {
        const [y, x] = [Math.floor(i / size[1]), i % size[1]];
        const even = (Math.floor(y / side) + Math.floor(x / side)) % 2 === 0;
        return Number(random.uniform() < 0.05 ? !even : even);
      }),
    ),
  ];
  const corners = (count: number, whole: boolean) =>
    Array.from({ length: 2 * count }, () => {
      const value = random.uniform() * 70 - 10;
      return whole ? Math.round(value) : value;
    });
  const polygons = [
    ...Array.from({ length: 40 }, (_, i) => corners(3 + (i % 7), i % 2 === 0)),
    outlineOf({ y: 18, x: 26, height: 12, width: 20 }),
    [5, 5, 20, 5, 20, 20, 5, 20],
    [5, 5, 5, 5, 20, 5, 20, 20, 20, 20],
    [-9, -9, -5, -9, -5, -5],
  ];
  let expected: {
    readonly counts: string[];
    readonly areas: number[];
    readonly boxes: number[][];
    readonly union: string;
    readonly polygons: string[];
  };

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lesionflow-rle-'));
    const file = join(folder, 'given.json');
    await writeFile(file, JSON.stringify({ size, masks: masks.map((m) => [...m]), polygons }));
    expected = (await runPython(interpreter, MEASURE, [file])) as typeof expected;
    await rm(folder, { recursive: true });
  });

  const runs = masks.map((mask) => maskToRuns(mask, size));

  test('have the same text, area, box and union', () => {
    expect(masks.map((mask) => encodeRle(mask, size).counts)).toEqual(expected.counts);
    expect(runs.map(runsArea)).toEqual(expected.areas);
    expect(runs.map(runsBox)).toEqual(expected.boxes);
    const union = compressRuns(runsUnion(runs.slice(2), size));
    expect(union.counts).toBe(expected.union);
    expect(union).not.toEqual(encodeRle(new Uint8Array(pixels).fill(1), size));
  });

  test('are drawn from polygons pixel by pixel, in the image and out of it', () => {
    const drawn = polygons.map((polygon) => compressRuns(segmentationRuns([polygon], size)).counts);
    expect(drawn).toEqual(expected.polygons);
  });
});

describeWithShared('the nucleus sample', 'parity/utils.json', () => {
  const { rle_encode: golden } = readGolden('utils') as {
    rle_encode: { cases: { mask: number[][]; rle: string }[] };
  };

  test.each(golden.cases)('writes $rle', ({ mask, rle }) => {
    const size: Size = [mask.length, mask[0]?.length ?? 0];
    const pixels = Uint8Array.from(mask.flat());
    expect(kaggleRleEncode(pixels, size)).toBe(rle);
    const deviation = differingPixels(kaggleRleDecode(rle, size), pixels);
    expectDeviation({
      part: 'utilities',
      quantity: 'rle_encode, back by rle_decode',
      deviation,
      tolerance: 0,
      unit: 'pixels',
    });
  });
});

describe('any mask', () => {
  const sized = fc
    .tuple(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 12 }))
    .chain((size) => {
      const length = size[0] * size[1];
      const mask = fc.uint8Array({ minLength: length, maxLength: length, max: 1 });
      return fc.tuple(fc.constant<Size>(size), mask, mask);
    });

  test('comes back from runs, from their text and from Kaggle’s pairs', () => {
    fc.assert(
      fc.property(sized, ([size, mask]) => {
        const runs = maskToRuns(mask, size);
        expect(runsToMask(runs)).toEqual(mask);
        expect(decodeRle(encodeRle(mask, size))).toEqual(mask);
        expect(decodeRle({ size: [...size], counts: [...runs.runs] })).toEqual(mask);
        expect(kaggleRleDecode(kaggleRleEncode(mask, size), size)).toEqual(mask);
      }),
    );
  });

  test('shares with another, and has together with it, as many pixels as counting says', () => {
    fc.assert(
      fc.property(sized, ([size, first, second]) => {
        const [a, b] = [maskToRuns(first, size), maskToRuns(second, size)];
        const count = (inside: (i: number) => boolean) =>
          first.reduce((sum, _, i) => sum + Number(inside(i)), 0);
        expect(runsIntersection(a, b)).toBe(count((i) => first[i] === 1 && second[i] === 1));
        expect(runsArea(runsUnion([a, b], size))).toBe(
          count((i) => first[i] === 1 || second[i] === 1),
        );
      }),
    );
  });

  test('has the box that extract_bboxes finds around it', () => {
    fc.assert(
      fc.property(sized, ([size, mask]) => {
        const [y1, x1, y2, x2] = extractBox(mask, size);
        expect(runsBox(maskToRuns(mask, size))).toEqual([x1, y1, x2 - x1, y2 - y1]);
      }),
    );
  });

  test('has runs of any length in its text', () => {
    const runs = fc.array(fc.integer({ min: 0, max: 2 ** 29 }), { maxLength: 20 });
    fc.assert(
      fc.property(runs, (lengths) => expect(unpackRuns(packRuns(lengths))).toEqual(lengths)),
    );
  });
});

describe('what is no mask', () => {
  test('is refused, with the place or the sizes', () => {
    expect(() => maskToRuns(new Uint8Array(5), [2, 3])).toThrow(/5 pixels.*2 rows and 3 columns/);
    expect(() => decodeRle({ size: [2, 3], counts: [4, 1] })).toThrow(/5 pixels/);
    expect(() => unpackRuns('0 1')).toThrow(/character 1 of 3/);
    expect(() => unpackRuns('0P')).toThrow(/character 2 of 2/);
    expect(() => kaggleRleDecode('3 2 4 1', [2, 3])).toThrow(/"4 1" is no run/);
    expect(() => kaggleRleDecode('6 2', [2, 3])).toThrow(/"6 2" is no run/);
    expect(() => kaggleRleDecode('1', [2, 3])).toThrow(/"1 " is no run/);
  });
});

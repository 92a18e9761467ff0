/** COCO's numbers: against pycocotools on random cases and edge cases, and by hand on cases small enough. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { cocoResults, cocoTruth } from '../../evaluation/coco/convert.ts';
import { cocoEvaluate, type CocoSummary } from '../../evaluation/coco/evaluate.ts';
import { cocoDatasetSchema, cocoResultsSchema } from '../../evaluation/coco/format.ts';
import { encodeRle } from '../../evaluation/coco/rle.ts';
import { largestDifference, maskOf } from '../maskrcnn/library/golden.ts';
import { expectDeviation } from '../support/parity-record.ts';
import { describeWithPython, pythonWith, runPython } from '../support/python.ts';
import { randomCase, type CocoCase } from './coco-cases.ts';

const python = await pythonWith({ module: 'pycocotools', requirement: 'pycocotools==2.0.11' });

/** The order of `COCOeval.stats`. */
const STATS = [
  'ap',
  'ap50',
  'ap75',
  'apSmall',
  'apMedium',
  'apLarge',
  'ar1',
  'ar10',
  'ar100',
  'arSmall',
  'arMedium',
  'arLarge',
] as const satisfies readonly (keyof CocoSummary)[];

/** For each case of a file: `stats` of boxes and of masks, over all categories and for each alone. */
const EVALUATE = `
import contextlib, copy, json, sys
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

def evaluate(case, kind):
    truth = COCO()
    truth.dataset = copy.deepcopy(case['truth'])
    truth.createIndex()
    scores = COCOeval(truth, truth.loadRes(copy.deepcopy(case['results'])), kind)
    def stats():
        scores.evaluate(), scores.accumulate(), scores.summarize()
        return scores.stats.tolist()
    found = {'all': stats()}
    for category in truth.getCatIds():
        scores.params.catIds = [category]
        found[str(category)] = stats()
    return found

with contextlib.redirect_stdout(sys.stderr):
    cases = json.load(open(sys.argv[1]))
    found = {case['name']: {kind: evaluate(case, kind) for kind in ('bbox', 'segm')} for case in cases}
print(json.dumps(found))
`;

const random: CocoCase[] = Array.from({ length: 12 }, (_, seed) => {
  const tells = (['bbox', 'segmentation', 'both'] as const)[seed % 3] ?? 'both';
  return { name: `random case ${seed}, results with ${tells}`, ...randomCase({ seed, tells }) };
});
const [, , base] = random;
if (base === undefined) throw new Error('there are random cases');
const { truth } = base;
const without = (imageId: number) => ({
  results: base.results.filter((result) => result.image_id !== imageId),
  annotations: truth.annotations.filter((row) => row.image_id !== imageId),
});
const someImage = truth.annotations[0]?.image_id ?? 0;

const edges: CocoCase[] = [
  { name: 'an image without detections', truth, results: without(someImage).results },
  {
    name: 'an image without ground truth',
    truth: { ...truth, annotations: without(someImage).annotations },
    results: base.results,
  },
  { name: 'no ground truth at all', truth: { ...truth, annotations: [] }, results: base.results },
  {
    name: 'a category that nothing is of',
    truth: { ...truth, categories: [...truth.categories, { id: 3 }] },
    results: base.results,
  },
  {
    name: 'results of a category that the truth does not list',
    truth,
    results: base.results.map((result, i) =>
      i % 3 === 0 ? { ...result, category_id: 4 } : result,
    ),
  },
  { name: 'only crowds', ...randomCase({ seed: 20, crowds: 1 }) },
  { name: 'no crowd', ...randomCase({ seed: 21, crowds: 0 }) },
  { name: 'few different scores', ...randomCase({ seed: 22, digits: 1, detections: 8 }) },
  { name: 'equal scores only', ...randomCase({ seed: 23, digits: 0, detections: 8 }) },
  {
    name: 'more than 100 detections an image and category',
    ...randomCase({ seed: 24, images: 2, categories: [1], instances: 12, detections: 40 }),
  },
  {
    name: 'more than 100 equal detections',
    ...randomCase({
      seed: 25,
      images: 2,
      categories: [1],
      instances: 9,
      detections: 60,
      digits: 0,
    }),
  },
  { name: 'many images of one category', ...randomCase({ seed: 26, images: 30, categories: [5] }) },
];

describeWithPython(python, 'pycocotools', (interpreter) => {
  type Stats = Readonly<Record<string, readonly number[]>>;
  let expected: Readonly<Record<string, Readonly<Record<'bbox' | 'segm', Stats>>>>;

  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'lesionflow-coco-'));
    const file = join(folder, 'cases.json');
    await writeFile(file, JSON.stringify([...random, ...edges]));
    expected = (await runPython(interpreter, EVALUATE, [file])) as typeof expected;
    await rm(folder, { recursive: true });
  });

  const numbers = (summary: CocoSummary) => STATS.map((name) => [name, summary[name]]);
  const wanted = (stats: readonly number[] = []) =>
    STATS.map((name, i) => [name, expect.closeTo(stats[i] ?? NaN, 9)]);

  describe.each(['bbox', 'segm'] as const)('agrees by %s', (iouType) => {
    test.each([...random, ...edges])('on $name', ({ name, ...given }) => {
      const { categories, ...summary } = cocoEvaluate({ ...given, iouType });
      const { all, ...others } = expected[name]?.[iouType] ?? {};
      expect(numbers(summary)).toEqual(wanted(all));
      expectDeviation({
        part: 'utilities',
        quantity: `AP and AR of COCO by ${iouType}, against pycocotools`,
        deviation: largestDifference(
          STATS.map((key) => summary[key]),
          all ?? [],
        ),
        tolerance: 1e-9,
      });
      const byCategory = [...categories].map(([id, row]) => [String(id), numbers(row)]);
      expect(Object.fromEntries(byCategory)).toEqual(
        Object.fromEntries(Object.entries(others).map(([id, stats]) => [id, wanted(stats)])),
      );
    });
  });

  test('finds something to compare in every number of the random cases', () => {
    const seen = STATS.filter((_, i) =>
      random.some(({ name }) => {
        const value = expected[name]?.segm['all']?.[i] ?? -1;
        return value > 0 && value < 1;
      }),
    );
    expect(seen).toEqual(STATS);
  });

  test('is asked about more than 100 detections of a category in an image', () => {
    for (const { name, results } of edges.filter(({ name }) => name.startsWith('more than 100'))) {
      const counts = results.map(
        ({ image_id: id }) => results.filter((result) => result.image_id === id).length,
      );
      expect([name, Math.max(...counts) > 100]).toEqual([name, true]);
    }
  });
});

describe('by hand', () => {
  const size = [40, 40] as const;
  const square = (at: number, side: number) =>
    maskOf(size, (y, x) => y >= at && y < at + side && x >= at && x < at + side);
  const instance = (at: number, side: number, classId = 1) => ({
    box: [at, at, at + side, at + side] as const,
    classId,
    mask: square(at, side),
  });
  const picture = { id: 5, height: 40, width: 40 };
  const classes = new Map([[1, 'lesion']]);
  const options = { imageId: 5, size };

  test('a perfect detection of one of two instances has an average precision of 51 in 101', () => {
    const instances = [instance(2, 10), instance(25, 10)];
    const given = cocoTruth([{ ...picture, instances }], { classes });
    const results = cocoResults([{ ...instance(2, 10), score: 0.9 }], options);
    for (const iouType of ['bbox', 'segm'] as const) {
      const found = cocoEvaluate({ truth: given, results, iouType });
      expect(found.ap).toBeCloseTo(51 / 101, 12);
      expect(found).toMatchObject({ ar1: 0.5, ar100: 0.5, apMedium: -1, arLarge: -1 });
    }
  });

  test('an overlap of 0.64 is right at thresholds 0.5, 0.55 and 0.6 only', () => {
    const given = cocoTruth([{ ...picture, instances: [instance(2, 20)] }], { classes });
    const results = cocoResults([{ ...instance(2, 16), score: 0.9 }], options);
    const { ap, ap50, ap75 } = cocoEvaluate({ truth: given, results, iouType: 'segm' });
    expect(ap).toBeCloseTo(0.3, 12);
    expect([ap50, ap75]).toEqual([expect.closeTo(1, 12), 0]);
  });

  test('any number of detections inside of a crowd is neither right nor wrong', () => {
    const crowd = instance(0, 30, -1);
    const instances = [instance(32, 8), crowd];
    const given = cocoTruth([{ ...picture, instances }], { classes });
    const found = [1, 5, 9].map((at) => ({ ...instance(at, 10), score: 1 }));
    const results = cocoResults([...found, { ...instance(32, 8), score: 0.5 }], options);
    expect(cocoEvaluate({ truth: given, results }).ap).toBeCloseTo(1, 12);
  });

  test('no more than the 100 best detections of an image count', () => {
    const given = cocoTruth([{ ...picture, instances: [instance(2, 10)] }], { classes });
    const right = { ...instance(2, 10), score: 0.5 };
    const wrong = { ...instance(25, 10), score: 0.9 };
    const after = (count: number) =>
      cocoEvaluate({
        truth: given,
        results: cocoResults([right, ...Array.from({ length: count }, () => wrong)], options),
      });
    expect(after(99)).toMatchObject({ ap: expect.closeTo(0.01, 12) as unknown, ar10: 0, ar100: 1 });
    expect(after(100)).toMatchObject({ ap: 0, ar100: 0 });
  });

  test('nothing detected is a precision of 0, and nothing to detect is -1', () => {
    const given = cocoTruth([{ ...picture, instances: [instance(2, 10)] }], { classes });
    expect(cocoEvaluate({ truth: given, results: [] })).toMatchObject({ ap: 0, ar100: 0 });
    const empty = cocoTruth([{ ...picture, instances: [] }], { classes });
    expect(cocoEvaluate({ truth: empty, results: [] })).toMatchObject({ ap: -1, ar100: -1 });
  });

  test("what is converted is COCO's format, with the categories of the caller", () => {
    const categoryId = (classId: number) => 80 + classId;
    const instances = [instance(2, 10), instance(20, 3, -1)];
    const given = cocoTruth([{ ...picture, instances }], { classes, categoryId });
    expect(cocoDatasetSchema.parse(JSON.parse(JSON.stringify(given)))).toEqual(given);
    expect(given).toEqual({
      images: [picture],
      categories: [{ id: 81, name: 'lesion' }],
      annotations: [
        {
          id: 1,
          image_id: 5,
          category_id: 81,
          bbox: [2, 2, 10, 10],
          area: 100,
          iscrowd: 0,
          segmentation: encodeRle(square(2, 10), size),
        },
        expect.objectContaining({ id: 2, category_id: 81, area: 9, iscrowd: 1 }),
      ],
    });
    const results = cocoResults([{ ...instance(2, 10), score: 0.5 }], { ...options, categoryId });
    expect(cocoResultsSchema.parse(JSON.parse(JSON.stringify(results)))).toEqual(results);
    expect(results).toMatchObject([{ category_id: 81, bbox: [2, 2, 10, 10], score: 0.5 }]);
  });

  test('results of an unknown image, without a score or without a mask are refused', () => {
    const given = cocoTruth([{ ...picture, instances: [instance(2, 10)] }], { classes });
    const [result] = cocoResults([{ ...instance(2, 10), score: 0.5 }], options);
    if (result === undefined) throw new Error('one detection gives one result');
    const evaluate = (changed: object) =>
      cocoEvaluate({ truth: given, results: [{ ...result, ...changed }], iouType: 'segm' });
    expect(() => evaluate({ image_id: 6 })).toThrow(/image 6, which the ground truth does not/);
    expect(() => evaluate({ score: NaN })).toThrow(/no number for a score/);
    expect(() => evaluate({ bbox: undefined, segmentation: undefined })).toThrow(/no segmentation/);
    const other = encodeRle(new Uint8Array(30 * 40), [30, 40]);
    expect(() => evaluate({ segmentation: other })).toThrow(/30x40 pixels meets one of 40x40/);
    expect(() => cocoResultsSchema.parse([{ image_id: 5, category_id: 1, score: 1 }])).toThrow(
      /a bbox, a segmentation, or both/,
    );
  });
});

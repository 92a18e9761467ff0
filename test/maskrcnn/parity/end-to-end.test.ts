/**
 * From the image to the result of `detect`, nothing golden in between. Ranks may swap where scores are a
 * float's noise apart, so that each golden row is looked for among ours. Tolerances: ../shared/parity/README.md.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from '../../../maskrcnn/boxes/anchors.ts';
import { normBoxes } from '../../../maskrcnn/boxes/normalisation.ts';
import { maskOverlaps } from '../../../maskrcnn/boxes/overlaps.ts';
import { sizeOfBatch, type FittedImage } from '../../../maskrcnn/detection/fit-image.ts';
import { Detector } from '../../../maskrcnn/detector.ts';
import type { PixelImage } from '../../../maskrcnn/image/resize-image.ts';
import { inferencePass } from '../../../maskrcnn/layers/forward-pass.ts';
import {
  detectionForward,
  imagePyramid,
  regionProposals,
  regionScores,
} from '../../../maskrcnn/model.ts';
import { maxDifference } from '../core/reference.ts';
import { describeInferenceSets, scoped } from './inference-set.ts';

type Row = readonly number[];

describeInferenceSets('inference, end to end', (set) => {
  const { config, parameters, reference } = set;
  let images: PixelImage[] = [];

  beforeAll(async () => {
    images = await set.load();
  });

  afterAll(() => set[Symbol.dispose]());

  function inputs() {
    const fitted = set.fit(images);
    const size = sizeOfBatch(fitted);
    const windows = normBoxes(Float64Array.from(fitted.flatMap(({ window }) => window)), size);
    return {
      images: set.mold(fitted),
      windows: tf.tensor2d(windows, [images.length, 4]),
      anchors: tf.tensor1d(pyramidAnchors(config, size)).reshape<tf.Tensor2D>([-1, 4]),
    };
  }

  it(
    'finds the golden proposals in any order',
    scoped(() => {
      const { images: molded, anchors } = inputs();
      const pass = inferencePass(parameters);
      const rpn = regionScores(pass, config, imagePyramid(pass, config, molded));
      const count = config.postNmsRoisInference;
      const { boxes } = regionProposals({ config, rpn, anchors, count });
      const golden = reference.tensor('proposals', tf.Rank.R3).arraySync();
      const missing = boxes.arraySync().map((ours, image) => {
        const rows = (golden[image] ?? []).filter(isNotPadding);
        return rows.filter((row) => distance(nearest(row, ours), row) > 1e-3).length / rows.length;
      });
      set.expect({
        quantity: 'proposals, end to end, within 1e-3',
        deviation: Math.max(...missing),
        tolerance: 0.02,
        unit: 'share missing',
      });
    }),
  );

  it(
    'detections: as many, of the same classes, at the same places',
    scoped(() => {
      const { detections } = detectionForward({ config, parameters, ...inputs() });
      const golden = reference.tensor('detections', tf.Rank.R3).arraySync();
      detections.arraySync().forEach((all, image) => {
        const ours = all.filter(isNotPadding);
        const rows = (golden[image] ?? []).filter(isNotPadding);
        const pairs = rows.map((row) => [row, nearest(row, ours)] as const);
        const wrong = pairs.filter(([row, found]) => row[4] !== found[4]).length;
        set.expect({
          quantity: 'detections, end to end: count and classes',
          deviation: Math.abs(ours.length - rows.length) + wrong,
          tolerance: 0,
          unit: 'values that differ',
        });
        set.expect({
          quantity: 'detections, end to end: boxes',
          deviation: Math.max(0, ...pairs.map(([row, found]) => distance(found, row))),
          tolerance: 1e-4,
        });
        set.expect({
          quantity: 'detections, end to end: scores',
          deviation: Math.max(0, ...pairs.map(([a, b]) => Math.abs((a[5] ?? 0) - (b[5] ?? 0)))),
          tolerance: 5e-4,
        });
      });
    }),
  );

  it('detect: boxes in pixels, classes, scores and whole masks', async () => {
    const fitted = set.fit(images);
    const fit = (image: PixelImage) => fitted[images.indexOf(image)] as FittedImage;
    using detector = new Detector(config, parameters, { fit });
    const results = await detector.detectBatch(images);
    results.forEach((found, image) => {
      const golden = reference.json.detect[image];
      const { height = 0, width = 0 } = images[image] ?? {};
      const boxes = found.map(({ box, classId }): Row => [...box, classId]);
      const rows = (golden?.rois ?? []).map((roi, i): Row => [...roi, golden?.class_ids[i] ?? 0]);
      expect(found).toHaveLength(rows.length);
      const pairs = rows.map((row) => found[boxes.indexOf(nearest(row, boxes))]);
      set.expect({
        quantity: 'detect: boxes',
        deviation: Math.max(
          0,
          ...pairs.map((pair, i) => maxDifference(pair?.box ?? [], golden?.rois[i] ?? [])),
        ),
        tolerance: 1,
        unit: 'pixels',
      });
      expect(pairs.map((pair) => pair?.classId)).toEqual(golden?.class_ids);
      set.expect({
        quantity: 'detect: scores',
        deviation: maxDifference(
          pairs.map((pair) => pair?.score ?? NaN),
          golden?.scores ?? [],
        ),
        tolerance: 5e-4,
      });
      const truth = reference.unpacked(`detect${String(image)}_masks_packed`, height * width);
      const overlaps = pairs.map((pair, i) => {
        const mask = Uint8Array.from(truth.subarray(i * height * width, (i + 1) * height * width));
        // Two empty masks are equal, and have no IoU.
        return maskOverlaps([pair?.mask ?? mask], [mask])[0] || Number(!mask.includes(1));
      });
      set.expect({
        quantity: 'detect: whole masks',
        deviation: 1 - Math.min(1, ...overlaps),
        tolerance: 0.01,
        unit: '1 - IoU',
      });
    });
  });
});

const isNotPadding = (row: Row) => row.some((value) => value !== 0);

/** Largest difference of two boxes. */
const distance = (a: Row, b: Row) => maxDifference(a.slice(0, 4), b.slice(0, 4));

/** The row whose box is nearest to that of `row`, the same class preferred. */
function nearest(row: Row, others: readonly Row[]): Row {
  const strange = (other: Row) => distance(other, row) + Number(other[4] !== row[4]);
  return others.reduce(
    (best, other) => (strange(other) < strange(best) ? other : best),
    [Infinity, Infinity, Infinity, Infinity, NaN, NaN],
  );
}

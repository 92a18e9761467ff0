/** `unmold_detections`: a padded, scaled image of another shape than the network's input. */
import { expect, it } from '@jest/globals';
import { unmoldDetections } from '../../../maskrcnn/detection/unmold.ts';
import type { Box, Size } from '../../../maskrcnn/shapes.ts';
import { expectDeviation } from '../../support/parity-record.ts';
import { describeWithShared } from '../../support/shared.ts';
import {
  differingPixels,
  largestDifference,
  openTensors,
  readGolden,
  sum,
  unpackBits,
} from '../library/golden.ts';

interface UnmoldGolden {
  readonly layers: {
    readonly DetectionLayer: { readonly out: readonly number[][][] };
    readonly unmold_detections: {
      readonly original_image_shape: readonly [number, number, number];
      readonly image_shape: readonly [number, number, number];
      readonly window: Box;
      readonly rois: readonly Box[];
      readonly class_ids: readonly number[];
      readonly scores: readonly number[];
      readonly mask_areas: readonly number[];
    };
  };
}

describeWithShared('unmold_detections against the reference', 'parity/utils.json', () => {
  const { layers } = readGolden('utils') as UnmoldGolden;
  const golden = layers.unmold_detections;
  const tensor = openTensors('utils');
  const [, detections = []] = layers.DetectionLayer.out;
  const [height, width] = golden.original_image_shape;
  const imageSize: Size = [height, width];

  it('boxes, classes, scores and whole masks in the image’s own pixels', () => {
    const plain = tensor('unmold_mask_in');
    // The recorded masks were made so, of the detection's rank and class.
    const masks = detections.flatMap(([, , , , classId = 0], rank) =>
      Array.from(plain, (value) => value * (0.4 + 0.1 * rank) + 0.1 * classId),
    );
    const found = unmoldDetections(
      { detections: detections.flat(), masks: Float32Array.from(masks) },
      {
        size: [golden.image_shape[0], golden.image_shape[1]],
        window: golden.window,
        maskSize: [28, 28],
        imageSize,
      },
    );
    expect(found.map(({ classId }) => classId)).toEqual(golden.class_ids);
    expectDeviation({
      part: 'utilities',
      quantity: 'unmold_detections: boxes',
      deviation: largestDifference(
        found.flatMap(({ box }) => box),
        golden.rois.flat(),
      ),
      tolerance: 0,
      unit: 'pixels',
    });
    expectDeviation({
      part: 'utilities',
      quantity: 'unmold_detections: scores',
      deviation: largestDifference(
        found.map(({ score }) => score),
        golden.scores,
      ),
      tolerance: 1e-5,
    });
    const packed = tensor('unmold_detections_masks_packed');
    const stride = packed.length / found.length;
    const differing = found.map(({ mask }, i) =>
      differingPixels(mask, unpackBits(packed.subarray(i * stride), height * width)),
    );
    expectDeviation({
      part: 'utilities',
      quantity: 'unmold_detections: masks',
      deviation: Math.max(...differing),
      tolerance: 10,
      unit: 'pixels',
    });
    expect(found.filter(({ mask }) => sum(mask) > 0)).toHaveLength(
      golden.mask_areas.filter((area) => area > 0).length,
    );
  });
});

/** The exported detection in Python's TensorFlow against our own run of it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from '../../../maskrcnn/boxes/anchors.ts';
import { exportDetection } from '../../../maskrcnn/export/saved-model.ts';
import { detectionForward } from '../../../maskrcnn/model.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import {
  CALL_SIGNATURE,
  describeWithPython,
  pythonTensorFlow,
  runPython,
} from '../../support/python.ts';
import { discBatch, SIDE, tinyConfig } from './tiny-model.ts';

const python = await pythonTensorFlow();

interface PythonTensor {
  readonly shape: readonly number[];
  readonly dtype: string;
  readonly values: readonly number[];
}

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'detection-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describeWithPython(python, 'the exported detection in Python', (interpreter) => {
  it('finds the same boxes, classes, scores and masks', async () => {
    const config = tinyConfig();
    using parameters = Parameters.initialise(config, 5);
    // First weights score everything alike, and float noise would then decide about the order.
    for (const name of ['rpn_class_raw/kernel', 'mrcnn_class_logits/kernel']) {
      const weight = parameters.get(name);
      weight.assign(tf.tidy(() => weight.mul(20)));
    }
    exportDetection({ config, parameters, folder });
    const { images } = discBatch(1, 0);
    const image = tf.tensor4d(images, [1, SIDE, SIDE, 3]);
    const window = tf.tensor2d([[0, 0, 1, 1]]);
    const feeds = { image: image.arraySync(), window: window.arraySync() };
    writeFileSync(join(folder, 'feeds.json'), JSON.stringify(feeds));

    const given = (await runPython(interpreter, CALL_SIGNATURE, [
      folder,
      join(folder, 'feeds.json'),
    ])) as Readonly<Record<'boxes' | 'class_ids' | 'scores' | 'masks', PythonTensor>>;

    const values = pyramidAnchors(config, [SIDE, SIDE]);
    const anchors = tf.tensor2d(values, [values.length / 4, 4]);
    const { detections, masks } = detectionForward({
      config,
      parameters,
      images: image,
      windows: window,
      anchors,
    });
    const rows = detections.arraySync()[0] ?? [];
    const close = (tensor: PythonTensor, expected: readonly number[]): void => {
      expect(tensor.values.length).toBe(expected.length);
      tensor.values.forEach((value, i) => expect(value).toBeCloseTo(expected[i] ?? NaN, 4));
    };
    expect(rows.some((row) => (row[4] ?? 0) > 0)).toBe(true);
    expect(given.boxes.shape).toEqual([1, 5, 4]);
    expect(given.class_ids.dtype).toBe('int32');
    close(
      given.boxes,
      rows.flatMap((row) => row.slice(0, 4)),
    );
    close(
      given.class_ids,
      rows.map((row) => row[4] ?? NaN),
    );
    close(
      given.scores,
      rows.map((row) => row[5] ?? NaN),
    );
    expect(given.masks.shape).toEqual(masks.shape);
    close(given.masks, Array.from(masks.dataSync()));
    tf.dispose([image, window, anchors, detections, masks]);
  }, 180_000);
});

import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { GraphError } from '../../graph/errors.ts';
import { exportSavedModel } from '../../graph/export-saved-model.ts';
import {
  CALL_SIGNATURE,
  describeWithPython,
  pythonTensorFlow,
  runPython,
} from '../support/python.ts';

const python = await pythonTensorFlow();

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'export-test-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const inputs = {
  x: { shape: [2, 3], dtype: 'float32' },
  ids: { shape: [2], dtype: 'int32' },
} as const;

describe('exportSavedModel', () => {
  it('writes what TensorFlow.js loads, with the values of now', async () => {
    const w = tf.variable(tf.tensor1d([1, 2, 3]), true, 'exported/w');
    const path = join(folder, 'node');
    exportSavedModel(({ x }) => ({ outputs: { y: x.mul(w) } }), {
      inputs: { x: inputs.x },
      variables: [w],
      folder: path,
    });
    w.assign(tf.zeros([3]));

    const model = await tf.node.loadSavedModel(path, ['serve'], 'serving_default');
    const { y } = model.predict({ x: tf.ones([2, 3]) }) as { y: tf.Tensor };

    expect(y.arraySync()).toEqual([
      [1, 2, 3],
      [1, 2, 3],
    ]);
    expect(existsSync(join(path, 'saved_model.pb.partial'))).toBe(false);
    model.dispose();
  });

  it('refuses a function with updates', () => {
    const w = tf.variable(tf.scalar(1));
    const path = join(folder, 'updates');
    const exporting = (): unknown =>
      exportSavedModel(() => ({ outputs: { w }, updates: new Map([[w, w.add(1)]]) }), {
        inputs: {},
        variables: [w],
        folder: path,
      });

    expect(exporting).toThrow(GraphError);
    expect(existsSync(path)).toBe(false);
  });
});

describeWithPython(python, 'an exported function in Python', (interpreter) => {
  it('gives the same numbers and types', async () => {
    const w = tf.variable(tf.tensor2d([[0.5], [-1.25], [3]]), true, 'python/w');
    const fn = ({ x, ids }: Record<'x' | 'ids', tf.Tensor>) => ({
      outputs: {
        product: tf.matMul(tf.gather(x, ids), w),
        order: tf.topk(x, 2).indices,
        positive: x.greater(0),
      },
    });
    const path = join(folder, 'python');
    exportSavedModel(fn, { inputs, variables: [w], folder: path });
    const feeds = {
      x: [
        [1, -2, 0.25],
        [0, 5, 7],
      ],
      ids: [1, 0],
    };
    writeFileSync(join(folder, 'feeds.json'), JSON.stringify(feeds));

    const given = await runPython(interpreter, CALL_SIGNATURE, [path, join(folder, 'feeds.json')]);

    const expected = fn({ x: tf.tensor2d(feeds.x), ids: tf.tensor1d(feeds.ids, 'int32') }).outputs;
    expect(given).toEqual({
      product: { shape: [2, 1], dtype: 'float32', values: Array.from(expected.product.dataSync()) },
      order: { shape: [2, 2], dtype: 'int32', values: Array.from(expected.order.dataSync()) },
      positive: { shape: [2, 3], dtype: 'bool', values: [true, false, true, false, true, true] },
    });
  });
});

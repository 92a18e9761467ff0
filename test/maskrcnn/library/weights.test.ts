import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { File, ready } from 'h5wasm/node';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import { WeightFileError, WeightsMismatchError } from '../../../maskrcnn/errors.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import {
  readKerasWeights,
  writeKerasWeights,
  type StoredLayer,
} from '../../../maskrcnn/weights/keras-h5.ts';
import { COCO_EXCLUDE, loadWeights, saveWeights } from '../../../maskrcnn/weights/load.ts';
import { pythonTensorFlow } from '../../support/python.ts';
import { describeWithShared, sharedPath } from '../../support/shared.ts';

const WEIGHTS = 'parity/mask_rcnn_r50_2class.h5';
const config = maskRcnnConfigSchema.parse({ backbone: 'resnet50' });
let folder = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lesionflow-weights-'));
});
afterAll(() => rm(folder, { recursive: true }));

const python = await pythonTensorFlow();

const bytesOf = (values: Float32Array = new Float32Array()) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

const COMPARE = `
import sys, h5py, numpy
ours, theirs = (h5py.File(path, 'r') for path in sys.argv[1:])
count = 0
for layer in theirs.attrs['layer_names']:
    names = theirs[layer].attrs['weight_names']
    if not len(names): continue
    assert layer in ours.attrs['layer_names'], layer
    assert list(names) == list(ours[layer].attrs['weight_names']), layer
    for name in names:
        a, b = ours[layer][name], theirs[layer][name]
        assert a.dtype == b.dtype == numpy.float32 and a.shape == b.shape, name
        assert (a[:] == b[:]).all(), name
        count += 1
print(count, ours.attrs['backend'].decode(), ours.attrs['keras_version'].decode())
`;

describeWithShared('the weights of the reference', WEIGHTS, () => {
  let saved = '';
  beforeAll(async () => {
    saved = join(folder, 'saved.h5');
    using parameters = Parameters.initialise(config, 1);
    const report = await loadWeights(parameters, sharedPath(WEIGHTS), { strict: true });
    expect(report.loaded).toHaveLength(384);
    expect([report.missing, report.unused, report.mismatched]).toEqual([[], [], []]);
    await saveWeights(parameters, saved);
  });

  it('are the same numbers after loading and saving', async () => {
    using ours = await readKerasWeights(saved);
    using theirs = await readKerasWeights(sharedPath(WEIGHTS));
    const byName = new Map(
      ours.layers.flatMap(({ weights }) => weights).map((weight) => [weight.name, weight]),
    );
    for (const weight of theirs.layers.flatMap(({ weights }) => weights)) {
      const other = byName.get(weight.name);
      expect(other?.shape).toEqual(weight.shape);
      expect(bytesOf(other?.read()).equals(bytesOf(weight.read()))).toBe(true);
    }
    expect(byName.size).toBe(384);
    expect((await readdir(folder)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  const itWithPython = 'path' in python ? it : it.skip;
  itWithPython(
    `are read by h5py${'missing' in python ? ` (skipped: ${python.missing})` : ''}`,
    () => {
      const interpreter = 'path' in python ? python.path : '';
      const output = execFileSync(interpreter, ['-c', COMPARE, saved, sharedPath(WEIGHTS)], {
        encoding: 'utf8',
      });
      expect(output.trim()).toBe('384 tensorflow 2.2.4');
    },
  );

  it('load into another number of classes but for the layers of the classes', async () => {
    using parameters = Parameters.initialise(
      maskRcnnConfigSchema.parse({ ...config, numClasses: 3 }),
      1,
    );
    const before = parameters.get('mrcnn_mask/kernel').dataSync();
    await expect(loadWeights(parameters, sharedPath(WEIGHTS), { strict: true })).rejects.toThrow(
      /0 weights are missing and 6 have another shape.*mrcnn_bbox_fc\/kernel is \[1024, 8\] and not \[1024, 12\]/,
    );
    const report = await loadWeights(parameters, sharedPath(WEIGHTS), {
      exclude: COCO_EXCLUDE,
      strict: true,
    });
    expect(report.loaded).toHaveLength(378);
    expect([report.missing, report.unused, report.mismatched]).toEqual([[], [], []]);
    expect(parameters.get('mrcnn_mask/kernel').dataSync()).toEqual(before);
    const [first] = parameters.get('bn_conv1/moving_variance').dataSync();
    expect(first).not.toBe(1);
  });

  it('cut off anywhere: a typed error that says so', async () => {
    const path = join(folder, 'cut.h5');
    const whole = await readFile(sharedPath(WEIGHTS));
    await writeFile(path, whole.subarray(0, 1_000_000));
    await expect(readKerasWeights(path)).rejects.toThrow(WeightFileError);
    await expect(readKerasWeights(path)).rejects.toThrow(/cut\.h5: truncated file/);
  });
});

describe('reading and writing', () => {
  const layer = (name: string, ...weights: [string, number[]][]): StoredLayer => ({
    layer: name,
    weights: weights.map(([weight, shape], i) => ({
      name: weight,
      shape,
      read: () => new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(i + 1),
    })),
  });

  it('loads the names of old Keras versions by their position, and reports the rest', async () => {
    const path = join(folder, 'imagenet.h5');
    await writeKerasWeights(path, [
      layer('conv1', ['conv1_W', [7, 7, 3, 64]], ['conv1_b', [64]]),
      layer(
        'bn_conv1',
        ['bn_conv1_gamma', [64]],
        ['bn_conv1_beta', [64]],
        ['bn_conv1_running_mean', [64]],
        ['bn_conv1_running_std', [64]],
      ),
      layer('res2a_branch2a', ['res2a_branch2a_W', [3, 3, 64, 64]], ['res2a_branch2a_b', [64]]),
      layer('anchors', ['anchors/Variable', [2, 4]]),
    ]);
    const slim = maskRcnnConfigSchema.parse({ backbone: 'resnet50', fpnClassifFcLayersSize: 8 });
    using parameters = Parameters.initialise(slim, 1);
    const report = await loadWeights(parameters, path);
    expect(report.loaded).toHaveLength(7);
    expect(report.missing).toHaveLength(384 - 8);
    expect(report.unused).toEqual(['anchors/Variable']);
    expect(report.mismatched).toEqual([
      { name: 'res2a_branch2a/kernel', expected: [1, 1, 64, 64], found: [3, 3, 64, 64] },
    ]);
    const first = (name: string) => parameters.get(name).dataSync()[0];
    expect(first('conv1/bias')).toBe(2);
    expect(first('bn_conv1/moving_variance')).toBe(4);
    await expect(
      loadWeights(parameters, path, { exclude: ['conv1', 'bn_conv1', 'res2a_branch2a'] }),
    ).rejects.toThrow(WeightsMismatchError);
  });

  it('splits lists of names that exceed an attribute, as Keras does', async () => {
    const path = join(folder, 'many.h5');
    const names = Array.from({ length: 1500 }, (_, i) =>
      `a_layer_with_quite_a_long_name_${String(i)}_x`.padEnd(60, '_'),
    );
    await writeKerasWeights(
      path,
      names.map((name) => layer(name, [`${name}/kernel`, [1]])),
    );
    using file = await readKerasWeights(path);
    expect(file.layers.map((one) => one.layer)).toEqual(names);
    await ready;
    const raw = new File(path, 'r');
    expect(Object.keys(raw.attrs)).toEqual(
      expect.arrayContaining(['layer_names0', 'layer_names1']),
    );
    expect(Object.keys(raw.attrs)).not.toContain('layer_names');
    raw.close();
  });

  it('reads gzip, and the weights inside of a whole model', async () => {
    const path = join(folder, 'model.h5');
    await ready;
    const raw = new File(path, 'w');
    const root = raw.create_group('model_weights');
    root.create_attribute('layer_names', ['conv1'], [1], 'S5');
    const group = root.create_group('conv1');
    group.create_attribute('weight_names', ['conv1/bias:0'], [1]);
    const data = Float32Array.from({ length: 64 }, (_, i) => i);
    group
      .create_group('conv1')
      .create_dataset({ name: 'bias:0', data, shape: [64], chunks: [32], compression: 'gzip' });
    raw.close();
    using file = await readKerasWeights(path);
    expect(file.layers.map(({ layer: name }) => name)).toEqual(['conv1']);
    expect(file.layers[0]?.weights[0]?.read()).toEqual(data);
  });

  it('says what is wrong with a file', async () => {
    const text = join(folder, 'text.h5');
    await writeFile(text, 'no HDF5 at all');
    await expect(readKerasWeights(text)).rejects.toThrow(/text\.h5: file signature not found/);
    await expect(readKerasWeights(join(folder, 'none.h5'))).rejects.toThrow(/No such file/);
    const foreign = join(folder, 'foreign.h5');
    await ready;
    new File(foreign, 'w').close();
    await expect(readKerasWeights(foreign)).rejects.toThrow(/no attribute layer_names/);
    const nowhere = join(folder, 'no-such-folder', 'x.h5');
    await expect(writeKerasWeights(nowhere, [])).rejects.toThrow(WeightFileError);
    expect(existsSync(nowhere)).toBe(false);
  });
});

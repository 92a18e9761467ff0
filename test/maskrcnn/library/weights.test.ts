import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs-node-gpu';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { File, ready } from 'h5wasm/node';
import { maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import {
  LayerSelectionError,
  WeightFileError,
  WeightsMismatchError,
} from '../../../maskrcnn/errors.ts';
import { Parameters, parameterSpecs } from '../../../maskrcnn/parameters.ts';
import {
  readKerasWeights,
  writeKerasWeights,
  type StoredLayer,
} from '../../../maskrcnn/weights/keras-h5.ts';
import { describeLoad } from '../../../maskrcnn/weights/load-report.ts';
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

/** A file system of one megabyte at `path`. Throws where mounting is not allowed. */
function mountSmallDisk(path: string): void {
  const options = ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', path];
  execFileSync('mount', options, { stdio: 'ignore' });
}

/** Lazily: HDF5 keeps a file open that it could not write. */
const unmount = (path: string) => void execFileSync('umount', ['--lazy', path]);

function mayMount(): boolean {
  const path = mkdtempSync(join(tmpdir(), 'lesionflow-mount-'));
  try {
    mountSmallDisk(path);
    unmount(path);
    return true;
  } catch {
    return false;
  } finally {
    rmdirSync(path);
  }
}

/** Some of the model's parameters, each a single number. */
function ones(names: readonly string[]): Pick<Parameters, 'specs' | 'get'> {
  const specs = parameterSpecs(maskRcnnConfigSchema.parse({ backbone: 'resnet101' }))
    .filter(({ name }) => names.includes(name))
    .map((spec) => ({ ...spec, shape: [1] }));
  const variables = new Map(specs.map(({ name }) => [name, tf.variable(tf.ones([1]))]));
  return {
    specs,
    get: (name) => {
      const variable = variables.get(name);
      if (variable === undefined) throw new Error(`no parameter ${name}`);
      return variable;
    },
  };
}

const bytesOf = (values: Float32Array = new Float32Array()) =>
  Buffer.from(values.buffer, values.byteOffset, values.byteLength);

/** Same layers, weights, order, shapes, types and numbers; layers without weights count for nothing. */
const COMPARE = `
import sys, h5py, numpy
text = lambda value: value.decode() if isinstance(value, bytes) else value
ours, theirs = (h5py.File(path, 'r') for path in sys.argv[1:])
def layers(file):
    names = [text(name) for name in file.attrs['layer_names']]
    return [name for name in names if len(file[name].attrs['weight_names'])]
assert layers(ours) == layers(theirs)
assert sorted(ours.attrs) == sorted(theirs.attrs)
for name in ('backend', 'keras_version'):
    assert text(ours.attrs[name]) == text(theirs.attrs[name]), name
count = 0
for layer in layers(theirs):
    a, b = ours[layer], theirs[layer]
    assert list(a.attrs) == list(b.attrs) == ['weight_names'], layer
    assert a.attrs['weight_names'].dtype.kind == b.attrs['weight_names'].dtype.kind == 'S', layer
    assert list(a.attrs['weight_names']) == list(b.attrs['weight_names']), layer
    for name in b.attrs['weight_names']:
        assert a[name].dtype == b[name].dtype == numpy.float32 and a[name].shape == b[name].shape, name
        assert (a[name][:] == b[name][:]).all(), name
        count += 1
print(count)
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
    `are for h5py what the reference wrote${'missing' in python ? ` (skipped: ${python.missing})` : ''}`,
    () => {
      const interpreter = 'path' in python ? python.path : '';
      const output = execFileSync(interpreter, ['-c', COMPARE, saved, sharedPath(WEIGHTS)], {
        encoding: 'utf8',
      });
      expect(output.trim()).toBe('384');
    },
  );

  it('load into another number of classes but for the layers of the classes', async () => {
    using parameters = Parameters.initialise(
      maskRcnnConfigSchema.parse({ ...config, numClasses: 3 }),
      1,
    );
    const before = parameters.get('mrcnn_mask/kernel').dataSync();
    const strict = loadWeights(parameters, sharedPath(WEIGHTS), { strict: true });
    await expect(strict).rejects.toThrow(
      /6 are of another shape: mrcnn_bbox_fc\/kernel is \[1024, 8\] and not \[1024, 12\], mrcnn_bbox_fc\/bias is \[8\] and not \[12\], .*mrcnn_mask\/bias is \[2\] and not \[3\]; use the backbone/,
    );
    const report = await loadWeights(parameters, sharedPath(WEIGHTS), {
      exclude: COCO_EXCLUDE,
      strict: true,
    });
    expect(report.loaded).toHaveLength(378);
    expect([report.missing, report.unused, report.mismatched]).toEqual([[], [], []]);
    expect(describeLoad(report)).toBe(
      '378 of 384 weights are from the file; 6 are excluded: mrcnn_bbox_fc (kernel, bias), ' +
        'mrcnn_class_logits (kernel, bias), mrcnn_mask (kernel, bias)',
    );
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

describe("a COCO file of Matterport's ResNet-101", () => {
  const { layers: lines } = JSON.parse(
    readFileSync(new URL('goldens/resnet101-81-weights.json', import.meta.url), 'utf8'),
  ) as { layers: string[] };
  const golden = lines.map((line) => {
    const [name = '', ...weights] = line.split(' ');
    return { layer: name, weights: weights.map((weight) => weight.split(':0=')) };
  });
  const specs = parameterSpecs(
    maskRcnnConfigSchema.parse({ backbone: 'resnet101', numClasses: 81 }),
  );
  const shapes = golden.flatMap(({ weights }) => weights) as [string, string][];

  it('holds our parameters, each in our shape', () => {
    const ours = specs.map(({ name, shape }) => [name, shape.join('x')] as const);
    expect(new Map(ours)).toEqual(new Map(shapes));
    expect(ours).toHaveLength(690);
    expect(shapes).toHaveLength(690);
  });

  it('loads completely, and what we save has its layers and weights in its order', async () => {
    const small = ones(specs.map(({ name }) => name));
    const theirs = join(folder, 'coco.h5');
    const stored = golden.map(({ layer, weights }) => ({
      layer,
      weights: weights.map(([name = '']) => ({
        name,
        shape: [1],
        read: () => Float32Array.of(2),
      })),
    }));
    await writeKerasWeights(theirs, stored);
    const report = await loadWeights(small, theirs, { strict: true });
    expect(describeLoad(report)).toBe('690 of 690 weights are from the file');
    const ours = join(folder, 'saved-coco.h5');
    await saveWeights(small, ours);
    using file = await readKerasWeights(ours);
    const names = file.layers.map(({ layer, weights }) => [layer, weights.map((one) => one.name)]);
    expect(names).toEqual(
      golden.map(({ layer, weights }) => [layer, weights.map(([name]) => name)]),
    );
  });
});

describe('reading and writing', () => {
  it('writes equal bytes for equal numbers, at any time', async () => {
    const weight = { name: 'conv1/kernel', shape: [2], read: () => Float32Array.of(1, 2) };
    const layers = [{ layer: 'conv1', weights: [weight] }];
    const [first, second] = [join(folder, 'first.h5'), join(folder, 'second.h5')];
    await writeKerasWeights(first, layers);
    // HDF5 would stamp the data sets with the second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    await writeKerasWeights(second, layers);
    expect((await readFile(second)).equals(await readFile(first))).toBe(true);
    expect(Date.now()).toBeGreaterThan(0);
  });

  const itMounting = mayMount() ? it : it.skip;
  itMounting('says that the disk is full, and gives back what the half file took', async () => {
    const disk = await mkdtemp(join(folder, 'disk-'));
    mountSmallDisk(disk);
    try {
      const megabyte = new Float32Array(1 << 18);
      const weight = { name: 'fc/kernel', shape: [megabyte.length], read: () => megabyte };
      const layers = [{ layer: 'fc', weights: [weight] }];
      await expect(writeKerasWeights(join(disk, 'w.h5'), layers)).rejects.toMatchObject({
        code: 'disk-full',
        retryable: true,
      });
      const { bfree, blocks } = await statfs(disk);
      expect(bfree).toBe(blocks);
    } finally {
      unmount(disk);
    }
  });

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
      layer('fc1000', ['fc1000_W', [2048, 1000]]),
    ]);
    const slim = maskRcnnConfigSchema.parse({ backbone: 'resnet50', fpnClassifFcLayersSize: 8 });
    using parameters = Parameters.initialise(slim, 1);
    const report = await loadWeights(parameters, path);
    expect(report.loaded).toHaveLength(7);
    expect(report.missing).toHaveLength(384 - 8);
    expect(report.unused).toEqual(['fc1000/fc1000_W']);
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

  it('leaves out what a regular expression names, inside of rpn_model too', async () => {
    const path = join(folder, 'excluded.h5');
    await writeKerasWeights(path, [
      layer('conv1', ['conv1/kernel', [1]], ['conv1/bias', [1]]),
      layer('rpn_model', ['rpn_conv_shared/bias', [1]], ['rpn_class_raw/bias', [1]]),
      layer('mrcnn_mask_bn1', ['mrcnn_mask_bn1/gamma', [1]], ['mrcnn_mask_bn1/beta', [1]]),
    ]);
    const names = ['conv1/kernel', 'conv1/bias', 'rpn_conv_shared/bias', 'rpn_class_raw/bias'];
    const some = ones([...names, 'mrcnn_mask_bn1/gamma', 'mrcnn_mask_bn1/beta']);
    const exclude = ['mrcnn_mask.*', 'rpn_class_raw', 'mrcnn_bbox'];
    const report = await loadWeights(some, path, { exclude, strict: true });
    expect(report.loaded).toEqual(names.slice(0, 3));
    expect(report.excluded).toEqual([
      'rpn_class_raw/bias',
      'mrcnn_mask_bn1/gamma',
      'mrcnn_mask_bn1/beta',
    ]);
    await expect(loadWeights(some, path, { exclude: ['mrcnn_('] })).rejects.toThrow(
      LayerSelectionError,
    );
  });

  it('strict: names all that is missing and not used, and what the file may mean', async () => {
    const path = join(folder, 'typo.h5');
    await writeKerasWeights(path, [
      layer('conv1', ['conv1/kernel', [1]]),
      layer('fpn_c5p55', ['fpn_c5p55/kernel', [1]], ['fpn_c5p55/bias', [1]]),
      layer('old_head', ['old_head/kernel', [3]]),
    ]);
    const some = ones(['conv1/kernel', 'conv1/bias', 'fpn_c5p5/kernel', 'fpn_c5p5/bias']);
    const expected =
      '3 are missing: conv1 (bias), fpn_c5p5 (kernel, bias); the file may mean fpn_c5p55 for fpn_c5p5; ' +
      '3 are not used: fpn_c5p55 (kernel, bias), old_head (kernel)';
    const report = await loadWeights(some, path);
    expect(describeLoad(report)).toBe(`1 of 4 weights are from the file; ${expected}`);
    await expect(loadWeights(some, path, { strict: true })).rejects.toThrow(
      `typo.h5 does not fit the model: ${expected}; use the backbone`,
    );
  });

  it("reads Keras' newer ImageNet files under Matterport's names", async () => {
    const path = join(folder, 'applications.h5');
    const convolution = (name: string) =>
      layer(name, [`${name}/kernel`, [1]], [`${name}/bias`, [1]]);
    await writeKerasWeights(path, [
      convolution('conv1_conv'),
      convolution('conv2_block1_0_conv'),
      convolution('conv4_block23_3_conv'),
      layer('conv5_block3_2_bn', ['conv5_block3_2_bn/gamma', [1]], ['conv5_block3_2_bn/beta', [1]]),
    ]);
    const layers = ['conv1', 'res2a_branch1', 'res4w_branch2c'];
    const names = layers.flatMap((name) => [`${name}/kernel`, `${name}/bias`]);
    const some = ones([...names, 'bn5c_branch2b/gamma', 'bn5c_branch2b/beta']);
    const report = await loadWeights(some, path, { strict: true });
    expect(report.loaded).toHaveLength(8);
  });

  it('reads what tf.keras writes: text attributes, a second model in one process, the anchors', async () => {
    const path = join(folder, 'fork.h5');
    await ready;
    const raw = new File(path, 'w');
    raw.create_attribute('keras_version', '2.21.0');
    raw.create_attribute('layer_names', ['input_image', 'conv1', 'anchors']);
    raw.create_group('input_image').create_attribute('weight_names', [], [0], '<d');
    const conv1 = raw.create_group('conv1');
    conv1.create_attribute('weight_names', ['conv1_1/kernel:0', 'conv1_1/bias:0']);
    const weights = conv1.create_group('conv1_1');
    weights.create_dataset({ name: 'kernel:0', data: Float32Array.of(7), shape: [1] });
    weights.create_dataset({ name: 'bias:0', data: Float32Array.of(8), shape: [1] });
    const anchors = raw.create_group('anchors');
    anchors.create_attribute('weight_names', ['Variable:0']);
    anchors.create_dataset({ name: 'Variable:0', data: new Float32Array(8), shape: [1, 2, 4] });
    raw.create_group('top_level_model_weights').create_attribute('weight_names', [], [0], '<d');
    raw.close();
    const some = ones(['conv1/kernel', 'conv1/bias']);
    const report = await loadWeights(some, path, { strict: true });
    expect(describeLoad(report)).toBe(
      '2 of 2 weights are from the file; anchors/Variable is ignored, since anchors follow from the config',
    );
    expect(some.get('conv1/bias').dataSync()).toEqual(Float32Array.of(8));
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
    const newer = join(folder, 'keras3.weights.h5');
    const raw = new File(newer, 'w');
    raw.create_group('layers').create_group('conv2d').create_group('vars');
    raw.close();
    await expect(readKerasWeights(newer)).rejects.toThrow(/format of Keras 3.*save it by tf_keras/);
    const nowhere = join(folder, 'no-such-folder', 'x.h5');
    await expect(writeKerasWeights(nowhere, [])).rejects.toThrow(WeightFileError);
    expect(existsSync(nowhere)).toBe(false);
  });
});

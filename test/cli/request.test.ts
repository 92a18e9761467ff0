/** A run's input from flags, files and presets: what wins over what, and what is refused before a start. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { configAsMatterport } from '../../maskrcnn/config-names.ts';
import { pipelineInputSchema } from '../../contracts/pipeline-input.ts';
import { UsageError } from '../../cli/failures.ts';
import { parseModelName } from '../../cli/model-name.ts';
import { presets } from '../../cli/presets.ts';
import { buildConfig, buildRequest, type RequestFlags } from '../../cli/request.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'lesionflow-request-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const DATA = { dataset: 'isic', images: 'https://host/a.zip', masks: 's3://bucket/b.zip' };

test.each(Object.entries(presets))('preset %s is a valid input', (_, preset) => {
  const dataset = { name: 'isic', images: DATA.images, masks: DATA.masks };
  expect(pipelineInputSchema.safeParse({ ...preset, dataset }).error).toBeUndefined();
});

describe('layers', () => {
  test('preset, then file, then --set: the later wins, field by field', () => {
    const config = join(folder, 'run.yaml');
    writeFileSync(config, 'model: {imagesPerGpu: 3, stepsPerEpoch: 5}\nsplit:\n  seed: 1\n');
    const request = buildRequest({
      ...DATA,
      preset: 'tiny',
      config,
      set: ['model.stepsPerEpoch=9', 'training.stages.0.epochs=2', 'publish.model=other'],
    });
    const { imageMaxDim } = presets.tiny.model;
    expect(request.model).toMatchObject({ imageMaxDim, imagesPerGpu: 3, stepsPerEpoch: 9 });
    expect(request.training?.stages).toEqual([expect.objectContaining({ name: 'all', epochs: 2 })]);
    expect(request.split).toEqual({ seed: 1 });
    expect(request.publish).toEqual({ model: 'other' });
  });

  test("Matterport's spelling in a file and ours in a preset are one option; the later spelling stays", () => {
    const config = join(folder, 'names.yaml');
    writeFileSync(config, 'model:\n  IMAGE_MAX_DIM: 128\n  LOSS_WEIGHTS: {rpn_bbox_loss: 2}\n');
    const set = ['model.stepsPerEpoch=9', 'model.lossWeights.mrcnnMaskLoss=3'];
    const request = buildRequest({ ...DATA, preset: 'tiny', config, set });
    expect(request.model).not.toHaveProperty('imageMaxDim');
    const { model } = pipelineInputSchema.parse(request);
    expect(model).toMatchObject({ imageMinDim: 64, imageMaxDim: 128, stepsPerEpoch: 9 });
    expect(model.lossWeights).toMatchObject({ rpnBboxLoss: 2, mrcnnMaskLoss: 3, rpnClassLoss: 1 });
    const wrong = { ...DATA, config, set: ['model.IMAGE_MAX_DIM=100'] };
    expect(() => buildRequest(wrong)).toThrow(/model\.IMAGE_MAX_DIM: must be a multiple of 64/);
  });

  test("a file may be Matterport's config as it stands, with sections of the run beside it", () => {
    const config = join(folder, 'matterport.json');
    const text = '{"NAME": "lesions", "IMAGES_PER_GPU": 2, "BATCH_SIZE": 2, "split": {"seed": 7}}';
    writeFileSync(config, text);
    const request = buildRequest({ ...DATA, config });
    expect(request.split).toEqual({ seed: 7 });
    const { model } = pipelineInputSchema.parse(request);
    // What the file leaves out is the recipe's.
    expect(model).toMatchObject({ name: 'lesions', imagesPerGpu: 2, imageMinDim: 1024 });
    const twice = { ...DATA, config, set: ['model.imagesPerGpu=4'] };
    expect(() => buildRequest(twice)).toThrow(/model\.BATCH_SIZE: follows from .* would be 4/);
  });

  test('a path becomes a file URL, a JSON file is read as well', () => {
    const archive = join(folder, 'with space.zip');
    const config = join(folder, 'run.json');
    writeFileSync(archive, '');
    writeFileSync(config, '{"evaluation": {"overlays": 1}}');
    const request = buildRequest({ ...DATA, images: archive, config });
    expect(request.dataset.images).toMatch(/^file:\/\/\/.*with%20space\.zip$/);
    expect(request.evaluation).toEqual({ overlays: 1 });
  });
});

test("the model's config alone needs no data set; what it shows is taken as a file", () => {
  const config = buildConfig({ preset: 'tiny', set: ['model.GPU_COUNT=2'] });
  expect(config).toMatchObject({ name: 'tiny', gpuCount: 2, imageMaxDim: 64, numClasses: 2 });
  const path = join(folder, 'shown.json');
  writeFileSync(path, JSON.stringify(configAsMatterport(config)));
  expect(buildConfig({ config: path })).toEqual(config);
  expect(() => buildConfig({ set: ['model.GPU_COUNTS=2'] })).toThrow(
    /model\.GPU_COUNTS: .*"GPU_COUNT"/,
  );
});

describe('--weights', () => {
  const weightsOf = (flags: RequestFlags) =>
    buildRequest({ ...DATA, ...flags }).training?.initialWeights;

  test.each<[RequestFlags, unknown]>([
    [{ weights: 'imagenet', preset: 'tiny' }, { from: 'imagenet' }],
    [{ weights: 's3://bucket/a.h5' }, { from: 'file', url: 's3://bucket/a.h5' }],
    [
      { weights: 'lesion@3', strict: true },
      { from: 'version', model: 'lesion', version: 3, strict: true },
    ],
    [{ weights: 'lesion@champion' }, { from: 'version', model: 'lesion', version: 'champion' }],
    [{ exclude: ['mrcnn_.*'] }, { from: 'coco', exclude: ['mrcnn_.*'] }],
    [
      { set: ['training.initialWeights.from=imagenet'], strict: true },
      { from: 'imagenet', strict: true },
    ],
  ])('%j', (flags, expected) => {
    expect(weightsOf(flags)).toEqual(expected);
  });

  test('takes the path of a file, also one named like something else', () => {
    const path = join(folder, 'my weights.h5');
    writeFileSync(path, '');
    const url = expect.stringMatching(/^file:\/\/\/.*my%20weights\.h5$/) as unknown as string;
    const exclude = ['mrcnn_bbox_fc', 'mrcnn_mask'];
    expect(weightsOf({ weights: path, exclude })).toEqual({ from: 'file', url, exclude });
  });

  test.each<[RequestFlags, RegExp]>([
    [{ weights: 'cocoo' }, /no file .*cocoo \(did you mean "coco"\?\)/],
    [
      { weights: './nowhere.h5' },
      /--weights takes coco, imagenet, scratch, .*no file .*nowhere\.h5/,
    ],
    [{ weights: 'scratch', strict: true }, /training\.initialWeights\.strict: is not an option/],
    [
      { weights: 'coco', exclude: ['mrcnn_('] },
      /initialWeights\.exclude\[0\]: must be .* a regular/,
    ],
  ])('%j is refused', (flags, message) => {
    expect(() => weightsOf(flags)).toThrow(UsageError);
    expect(() => weightsOf(flags)).toThrow(message);
  });
});

describe('refused', () => {
  test.each([
    ['a wrong key', { set: ['model.backbon=resnet50'] }, /model\.backbon.*did you mean "backbone"/],
    [
      'a wrong value',
      { set: ['model.imageMaxDim=100'] },
      /model\.imageMaxDim: must be a multiple of 64/,
    ],
    ['a setting without a value', { set: ['model'] }, /--set takes key=value.*"model"/],
    ['a mistyped preset', { preset: 'tinny' }, /did you mean "tiny"/],
    ['a missing archive', { images: '/nowhere/a.zip' }, /no file \/nowhere\/a\.zip/],
    [
      'a missing config file',
      { config: '/nowhere/run.json' },
      /\/nowhere\/run\.json cannot be read/,
    ],
    [
      'no data set',
      { images: undefined, masks: undefined, dataset: undefined },
      /dataset: is required/,
    ],
  ])('%s', (_, flags, message) => {
    expect(() => buildRequest({ ...DATA, ...flags })).toThrow(UsageError);
    expect(() => buildRequest({ ...DATA, ...flags })).toThrow(message);
  });
});

test('a model is named by version or alias, with its name or by default', () => {
  expect(parseModelName('champion')).toEqual({ model: 'lesion', version: 'champion' });
  expect(parseModelName('demo-synthetic@3')).toEqual({ model: 'demo-synthetic', version: '3' });
  expect(() => parseModelName('a@b@c')).toThrow(/got "a@b@c"/);
});

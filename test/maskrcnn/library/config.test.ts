/** Matterport's config here: its names, its defaults, what it lets be None, and the way back. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  configAsMatterport,
  displayConfig,
  spelledAlike,
  type NamedConfigInput,
} from '../../../maskrcnn/config-names.ts';
import { parseConfig } from '../../../maskrcnn/config-parsing.ts';
import { batchSize, maskRcnnConfigSchema } from '../../../maskrcnn/config.ts';
import { ConfigError } from '../../../maskrcnn/errors.ts';

const GOLDEN = new URL('goldens/matterport-config.json', import.meta.url);
const { config: matterport } = JSON.parse(readFileSync(GOLDEN, 'utf8')) as {
  config: Readonly<Record<string, unknown>>;
};
/** As JSON or YAML gives it: nothing is known of its types. */
const parseRaw = (raw: Readonly<Record<string, unknown>>) => parseConfig(raw);

describe('the defaults', () => {
  const ours: Readonly<Record<string, unknown>> = { ...configAsMatterport(parseConfig({})) };
  // What Matterport tells its users to set themselves.
  const { NAME, NUM_CLASSES, IMAGE_META_SIZE, COMPUTE_BACKBONE_SHAPE, ...rest } = matterport;

  it.each(Object.entries(rest))("%s is the original's", (name, value) => {
    expect(ours[name]).toEqual(value);
  });

  it('are those of the smallest model where the original has none', () => {
    expect([NAME, NUM_CLASSES, IMAGE_META_SIZE, COMPUTE_BACKBONE_SHAPE]).toEqual([
      null,
      1,
      13,
      null,
    ]);
    expect([ours['NAME'], ours['NUM_CLASSES'], ours['IMAGE_META_SIZE']]).toEqual(['lesion', 2, 14]);
  });
});

describe('either spelling', () => {
  it('gives the same config', () => {
    const upper = parseConfig({
      BACKBONE: 'resnet50',
      IMAGES_PER_GPU: 4,
      GPU_COUNT: 2,
      RPN_ANCHOR_RATIOS: [0.25, 1, 4, 8],
      LOSS_WEIGHTS: { rpn_class_loss: 2, mrcnn_mask_loss: 0.5 },
      ADAM_BETA1: 0.8,
    });
    const camel = maskRcnnConfigSchema.parse({
      backbone: 'resnet50',
      imagesPerGpu: 4,
      gpuCount: 2,
      rpnAnchorRatios: [0.25, 1, 4, 8],
      lossWeights: { rpnClassLoss: 2, mrcnnMaskLoss: 0.5 },
      adamBeta1: 0.8,
    });
    expect(upper).toEqual(camel);
    expect(batchSize(upper)).toBe(8);
    expect(Object.isFrozen(upper)).toBe(true);
  });

  it('of any config leads back to it', () => {
    const some = fc.record(
      {
        gpuCount: fc.integer({ min: 1, max: 8 }),
        numClasses: fc.integer({ min: 2, max: 90 }),
        imageResizeMode: fc.constantFrom('none', 'square', 'pad64', 'crop'),
        imageMinDim: fc.integer({ min: 0, max: 16 }).map((n) => 64 * n),
        imageMaxDim: fc.integer({ min: 1, max: 16 }).map((n) => 64 * n),
        trainBn: fc.constantFrom(true, false, 'backbone'),
        lossWeights: fc.record({ rpnBboxLoss: fc.float({ min: 0, max: 9, noNaN: true }) }),
      },
      // The default of 800 is no size for a crop.
      { requiredKeys: ['imageMinDim'] },
    );
    fc.assert(
      fc.property(some, (given) => {
        const config = maskRcnnConfigSchema.parse(given);
        expect(parseRaw({ ...configAsMatterport(config) })).toEqual(config);
      }),
    );
  });

  it('may be mixed, but no option may stand in both', () => {
    expect(parseRaw({ IMAGES_PER_GPU: 3, gpuCount: 2 })).toMatchObject({
      imagesPerGpu: 3,
      gpuCount: 2,
    });
    expect(() => parseConfig({ IMAGES_PER_GPU: 3, imagesPerGpu: 3 })).toThrow(
      /IMAGES_PER_GPU: is given as imagesPerGpu too: keep one of the two/,
    );
    const losses = { rpn_bbox_loss: 1, rpnBboxLoss: 2 };
    expect(() => parseRaw({ LOSS_WEIGHTS: losses })).toThrow(
      /LOSS_WEIGHTS\.rpn_bbox_loss: is given as rpnBboxLoss too/,
    );
  });

  it('is taken over from what is merged on top', () => {
    const under = { imagesPerGpu: 1, lossWeights: { rpnBboxLoss: 1 }, backbone: 'resnet50' };
    const over = { IMAGES_PER_GPU: 2, LOSS_WEIGHTS: { rpn_bbox_loss: 3 } };
    expect(spelledAlike(under, over)).toEqual({
      IMAGES_PER_GPU: 1,
      LOSS_WEIGHTS: { rpn_bbox_loss: 1 },
      backbone: 'resnet50',
    });
  });
});

describe("Python's None", () => {
  it('means what it means in the original', () => {
    const none = { NAME: null, IMAGE_MIN_DIM: null, IMAGE_MIN_SCALE: null, TRAIN_BN: null };
    const config = parseConfig({ ...none, DETECTION_MIN_CONFIDENCE: null });
    expect(config).toMatchObject({ name: 'lesion', imageMinDim: 0, imageMinScale: 0 });
    expect(config).toMatchObject({ trainBn: true, detectionMinConfidence: 0 });
    expect(configAsMatterport(config).TRAIN_BN).toBe(null);
  });

  it('is refused where the original cannot take it', () => {
    expect(() => parseRaw({ POOL_SIZE: null })).toThrow(/POOL_SIZE: must be a.*, got null/);
  });
});

describe('what the original allows', () => {
  it.each<[string, NamedConfigInput]>([
    ['images that are not resized', { IMAGE_RESIZE_MODE: 'none', IMAGE_MAX_DIM: 1000 }],
    ['a shorter side above the longest', { IMAGE_MIN_DIM: 800, IMAGE_MAX_DIM: 512 }],
    ['every detection kept', { DETECTION_MIN_CONFIDENCE: 0 }],
    ['no clipping', { GRADIENT_CLIP_NORM: 0 }],
    ['one ratio of anchors', { RPN_ANCHOR_RATIOS: [1] }],
    ['anchors at every other cell', { RPN_ANCHOR_STRIDE: 2 }],
    ['another mask size', { MASK_POOL_SIZE: 28, MASK_SHAPE: [56, 56] }],
    ['several GPUs', { GPU_COUNT: 8 }],
  ])('%s', (_, options) => {
    expect(configAsMatterport(parseConfig(options))).toMatchObject(options);
  });
});

describe('derived values', () => {
  it('may stand where they agree, in a crop too', () => {
    const crop = { IMAGE_RESIZE_MODE: 'crop', IMAGE_MIN_DIM: 512, IMAGE_SHAPE: [512, 512, 3] };
    expect(parseRaw({ ...crop, BATCH_SIZE: 2, IMAGE_META_SIZE: 14 }).imageMinDim).toBe(512);
    expect(() => parseRaw({ ...crop, IMAGE_SHAPE: [1024, 1024, 3] })).toThrow(
      /IMAGE_SHAPE: follows from IMAGE_MAX_DIM, IMAGE_MIN_DIM, IMAGE_RESIZE_MODE and would be \[512,512,3\]/,
    );
  });

  it('that disagree: says what to set', () => {
    expect(() => parseConfig({ BATCH_SIZE: 8 })).toThrow(
      /BATCH_SIZE: follows from GPU_COUNT, IMAGES_PER_GPU and would be 2: set these, or leave it out; got 8/,
    );
    expect(() => parseRaw({ batchSize: 8 })).toThrow(/batchSize: follows from gpuCount, imagesPer/);
  });

  it('that need a backbone of your own: says that there is none', () => {
    expect(() => parseRaw({ COMPUTE_BACKBONE_SHAPE: 'mine' })).toThrow(
      /COMPUTE_BACKBONE_SHAPE: must be null or left out: the backbones are resnet50 and resnet101/,
    );
  });
});

describe('what is wrong', () => {
  it.each([
    [{ STEPS_PER_EPOH: 5 }, /- STEPS_PER_EPOH: is not an option \(did you mean "STEPS_PER_EPOCH"/],
    [{ stepsPerEpoh: 5 }, /- stepsPerEpoh: is not an option \(did you mean "stepsPerEpoch"/],
    [{ LOSS_WEIGHTS: { rpn_clas_loss: 1 } }, /LOSS_WEIGHTS\.rpn_clas_loss: .*"rpn_class_loss"/],
    [{ lossWeights: { rpnClasLoss: 1 } }, /lossWeights\.rpnClasLoss: .*"rpnClassLoss"/],
    [{ IMAGE_MAX_DIM: 100 }, /- IMAGE_MAX_DIM: must be a multiple of 64 .*, got 100/],
    [{ IMAGE_MAX_DIM: 'big' }, /- IMAGE_MAX_DIM: must be a.*, got "big"/],
    [
      { BACKBONE: 'resnet18' },
      /- BACKBONE: must be one of "resnet50", "resnet101", got "resnet18"/,
    ],
    [
      { MASK_SHAPE: [56, 56] },
      /- MASK_SHAPE: must be \[28, 28\]: the mask head doubles maskPoolSize/,
    ],
    [{ NUM_CLASSES: 1 }, /- NUM_CLASSES: must be at least 2, got 1/],
  ])('%j is named as it was spelled', (options, message) => {
    expect(() => parseRaw(options)).toThrow(ConfigError);
    expect(() => parseRaw(options)).toThrow(message);
  });

  it('is a type error in code', () => {
    // @ts-expect-error a number is wanted
    expect(() => parseConfig({ IMAGES_PER_GPU: 'two' })).toThrow(/IMAGES_PER_GPU: must be a/);
    // @ts-expect-error no such option
    expect(() => parseConfig({ IMAGES_PER_GPUS: 2 })).toThrow(/"IMAGES_PER_GPU"/);
  });

  it('is told all at once', () => {
    const attempt = () => parseRaw({ GPU_COUNT: 0, POOL_SIZES: 7 });
    expect(attempt).toThrow(/GPU_COUNT: must be more than 0/);
    expect(attempt).toThrow(/POOL_SIZES: .*"POOL_SIZE"/);
  });

  it('lists the options in the spelling of an option like none', () => {
    expect(() => parseRaw({ LEARNING_SCHEDULE_OF_MINE: 1 })).toThrow(/options here are NAME, GPU_/);
  });
});

it('is displayed as Config.display() does', () => {
  const lines = displayConfig(parseConfig({})).split('\n');
  expect(lines[0]).toBe('ADAM_BETA1                     0.9');
  expect(lines).toContain('IMAGE_SHAPE                    [1024,1024,3]');
  expect(lines).toContain('BACKBONE                       "resnet101"');
});

/** Recipes by name: all of a run's input but its data set. */
import type { PipelineRequest } from '../contracts/pipeline-input.ts';

type Preset = Omit<PipelineRequest, 'dataset'>;

/** ResNet-50 at 128 px: anchors, RoIs and heads in proportion, for CPUs. */
const SMALL_MODEL = {
  backbone: 'resnet50',
  imageMinDim: 128,
  imageMaxDim: 128,
  rpnAnchorScales: [8, 16, 32, 64, 128],
  rpnTrainAnchorsPerImage: 64,
  // All 4,092 anchors: the first steps find lesions only if proposals are not cut to a few at random.
  preNmsLimit: 4092,
  postNmsRoisTraining: 1000,
  postNmsRoisInference: 100,
  trainRoisPerImage: 32,
  maxGtInstances: 4,
  detectionMaxInstances: 5,
  detectionMinConfidence: 0.05,
  // From scratch there are no statistics to freeze.
  trainBn: 'backbone',
} as const satisfies Preset['model'];

export const presets = {
  /** Minutes on 2 CPU cores: shows the whole pipeline; the model has hardly begun to learn. */
  tiny: {
    model: {
      ...SMALL_MODEL,
      name: 'tiny',
      imagesPerGpu: 2,
      stepsPerEpoch: 24,
      validationSteps: 4,
      topDownPyramidSize: 64,
      fpnClassifFcLayersSize: 128,
    },
    training: {
      initialWeights: { from: 'scratch' },
      stages: [
        {
          name: 'all',
          layers: 'all',
          epochs: 3,
          learningRate: 0.01,
          schedule: 'cosine',
          warmupSteps: 10,
        },
      ],
    },
    evaluation: { overlays: 6 },
  },
  /** The real recipe: COCO weights, 1024 px, 20 epochs of heads and 20 of all; every value is the default. */
  recipe: {},
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];

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
  preNmsLimit: 1000,
  postNmsRoisTraining: 300,
  postNmsRoisInference: 100,
  trainRoisPerImage: 16,
  maxGtInstances: 4,
  detectionMaxInstances: 5,
  detectionMinConfidence: 0.05,
  // From scratch there are no statistics to freeze.
  trainBn: 'backbone',
  bnMomentum: 0.9,
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
  /** Half an hour on 2 CPU cores, from scratch at 128 px: learns on a thousand pictures or more. */
  scratch: {
    model: {
      ...SMALL_MODEL,
      name: 'scratch',
      imagesPerGpu: 8,
      stepsPerEpoch: 75,
      validationSteps: 8,
    },
    training: {
      initialWeights: { from: 'scratch' },
      stages: [
        {
          name: 'all',
          layers: 'all',
          epochs: 10,
          learningRate: 0.015,
          schedule: 'cosine',
          warmupSteps: 60,
        },
      ],
    },
  },
  /** The real recipe: COCO weights, 1024 px, 20 epochs of heads and 20 of all; every value is the default. */
  recipe: {},
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];

/** Recipes by name: all of a run's input but its data set. */
import type { PipelineRequest } from '../contracts/pipeline-input.ts';

type Preset = Omit<PipelineRequest, 'dataset'>;

/** ResNet-50 from scratch on a CPU: eight small pictures a step, and only as many RoIs as one lesion needs. */
const SCRATCH_MODEL = {
  backbone: 'resnet50',
  imagesPerGpu: 8,
  rpnTrainAnchorsPerImage: 64,
  postNmsRoisInference: 100,
  maxGtInstances: 4,
  detectionMaxInstances: 5,
  detectionMinConfidence: 0.05,
  // From scratch there are no statistics to freeze, and a batch of eight small pictures gives poor ones.
  normalization: 'group',
  optimizer: 'adamw',
  weightDecay: 0.01,
  emaDecay: 0.998,
} as const satisfies Preset['model'];

export const presets = {
  /** Four minutes on 2 CPU cores: shows the whole pipeline, and learns the synthetic pictures' lesions roughly. */
  tiny: {
    model: {
      ...SCRATCH_MODEL,
      name: 'tiny',
      imageMinDim: 64,
      imageMaxDim: 64,
      rpnAnchorScales: [4, 8, 16, 32, 64],
      preNmsLimit: 500,
      postNmsRoisTraining: 150,
      trainRoisPerImage: 12,
      topDownPyramidSize: 64,
      fpnClassifFcLayersSize: 128,
      stepsPerEpoch: 50,
      validationSteps: 2,
    },
    training: {
      initialWeights: { from: 'scratch' },
      stages: [
        {
          name: 'all',
          layers: 'all',
          epochs: 4,
          learningRate: 0.0005,
          schedule: 'cosine',
          warmupSteps: 20,
        },
      ],
    },
    evaluation: { overlays: 6 },
  },
  /** Half an hour on 2 CPU cores, from scratch at 128 px: learns on a thousand pictures or more. */
  scratch: {
    model: {
      ...SCRATCH_MODEL,
      name: 'scratch',
      imageMinDim: 128,
      imageMaxDim: 128,
      rpnAnchorScales: [8, 16, 32, 64, 128],
      preNmsLimit: 1000,
      postNmsRoisTraining: 300,
      trainRoisPerImage: 16,
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
          learningRate: 0.0005,
          schedule: 'cosine',
          warmupSteps: 75,
        },
      ],
    },
  },
  /** The real recipe: COCO weights, 1024 px, 20 epochs of heads and 20 of all; every value is the default. */
  recipe: {},
} as const satisfies Readonly<Record<string, Preset>>;

export type PresetName = keyof typeof presets;
export const presetNames = Object.keys(presets) as PresetName[];

/** A preset that is made for the archives at hand (`auto-preset.ts`). */
export const AUTO = 'auto';

/** `BalloonConfig` of samples/balloon/balloon.py, and a small one that learns the synthetic set on a CPU. */
import {
  maskRcnnConfigSchema,
  type MaskRcnnConfig,
  type MaskRcnnConfigInput,
} from '../../maskrcnn/index.ts';

/** How a model is trained, beside its config. */
export interface Recipe {
  readonly config: MaskRcnnConfig;
  readonly layers: string;
  readonly epochs: number;
  readonly schedule: 'constant' | 'cosine';
  readonly warmupSteps: number;
}

export interface RecipeOptions {
  /** Without the background. */
  readonly classes: readonly string[];
  /** From scratch and small, instead of the heads on a pretrained model. */
  readonly tiny: boolean;
  readonly stepsPerEpoch?: number | undefined;
  readonly epochs?: number | undefined;
  readonly layers?: string | undefined;
}

/** 30 epochs of the heads, as the original; four epochs of everything for the small model. */
export function recipe(options: RecipeOptions): Recipe {
  const { classes, tiny, stepsPerEpoch, epochs, layers } = options;
  const config = maskRcnnConfigSchema.parse({
    name: 'balloon',
    numClasses: 1 + classes.length,
    ...(tiny ? TINY : BALLOON),
    ...(stepsPerEpoch === undefined ? {} : { stepsPerEpoch }),
  });
  return tiny
    ? { config, layers: layers ?? 'all', epochs: epochs ?? 4, schedule: 'cosine', warmupSteps: 10 }
    : {
        config,
        layers: layers ?? 'heads',
        epochs: epochs ?? 30,
        schedule: 'constant',
        warmupSteps: 0,
      };
}

const BALLOON = {
  imagesPerGpu: 2,
  stepsPerEpoch: 100,
  // Skip detections with less than 90 % confidence.
  detectionMinConfidence: 0.9,
} satisfies MaskRcnnConfigInput;

/** From scratch there are no statistics to freeze, and few steps to find them. */
const TINY = {
  backbone: 'resnet50',
  imagesPerGpu: 4,
  imageMinDim: 64,
  imageMaxDim: 64,
  rpnAnchorScales: [4, 8, 16, 32, 64],
  rpnTrainAnchorsPerImage: 64,
  preNmsLimit: 500,
  postNmsRoisTraining: 150,
  postNmsRoisInference: 100,
  trainRoisPerImage: 24,
  topDownPyramidSize: 64,
  fpnClassifFcLayersSize: 128,
  maxGtInstances: 4,
  detectionMaxInstances: 5,
  detectionMinConfidence: 0.5,
  stepsPerEpoch: 50,
  validationSteps: 2,
  learningRate: 0.02,
  trainBn: 'backbone',
  bnMomentum: 0.9,
} satisfies MaskRcnnConfigInput;

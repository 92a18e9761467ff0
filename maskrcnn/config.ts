/**
 * Every option of Matterport's `Config` (mrcnn/config.py), in camelCase, with its default and meaning.
 * Values derived from it (batch size, image shape, …) are functions below and are never stored.
 *
 * Pure data: this file imports zod only, so that workflows may validate a model config too.
 */
import { z } from 'zod';

const positiveInt = z.int().positive();
const share = z.number().min(0).max(1);
const boxDeviations = z.tuple([
  z.number().positive(),
  z.number().positive(),
  z.number().positive(),
  z.number().positive(),
]);

export const maskRcnnConfigSchema = z
  .strictObject({
    /** Name of the configuration, used in file names only. */
    name: z.string().min(1).default('lesion'),
    /** Number of GPUs; the batch is `gpuCount * imagesPerGpu`. */
    gpuCount: positiveInt.default(1),
    imagesPerGpu: positiveInt.default(2),
    stepsPerEpoch: positiveInt.default(1000),
    /** Validation steps after each epoch. */
    validationSteps: z.int().nonnegative().default(50),
    backbone: z.enum(['resnet50', 'resnet101']).default('resnet101'),
    /** Strides of the pyramid levels P2…P6, in pixels. */
    backboneStrides: z.array(positiveInt).length(5).default([4, 8, 16, 32, 64]),
    fpnClassifFcLayersSize: positiveInt.default(1024),
    topDownPyramidSize: positiveInt.default(256),
    /** Number of classes, background included. */
    numClasses: z.int().min(2).default(2),
    /** Side of the square anchor of each pyramid level, in pixels. */
    rpnAnchorScales: z.array(z.number().positive()).length(5).default([32, 64, 128, 256, 512]),
    /** Width / height of the anchors at each cell. */
    rpnAnchorRatios: z.array(z.number().positive()).min(1).default([0.5, 1, 2]),
    rpnAnchorStride: positiveInt.default(1),
    rpnNmsThreshold: share.default(0.7),
    rpnTrainAnchorsPerImage: positiveInt.default(256),
    preNmsLimit: positiveInt.default(6000),
    postNmsRoisTraining: positiveInt.default(2000),
    postNmsRoisInference: positiveInt.default(1000),
    useMiniMask: z.boolean().default(true),
    /** Height and width of a mini-mask. */
    miniMaskShape: z.tuple([positiveInt, positiveInt]).default([56, 56]),
    imageResizeMode: z.enum(['none', 'square', 'pad64', 'crop']).default('square'),
    /** The shorter side is scaled up to this, as far as `imageMaxDim` lets it; 0 scales nothing up. */
    imageMinDim: z.int().nonnegative().default(800),
    imageMaxDim: positiveInt.default(1024),
    /** Smallest up-scaling factor; 0 leaves it to `imageMinDim`. */
    imageMinScale: z.number().nonnegative().default(0),
    imageChannelCount: z.literal(3).default(3),
    /** Mean RGB pixel, subtracted from the image. */
    meanPixel: z.tuple([z.number(), z.number(), z.number()]).default([123.7, 116.8, 103.9]),
    trainRoisPerImage: positiveInt.default(200),
    roiPositiveRatio: z.number().gt(0).max(1).default(0.33),
    poolSize: positiveInt.default(7),
    maskPoolSize: positiveInt.default(14),
    maskShape: z.tuple([positiveInt, positiveInt]).default([28, 28]),
    maxGtInstances: positiveInt.default(100),
    rpnBboxStdDev: boxDeviations.default([0.1, 0.1, 0.2, 0.2]),
    bboxStdDev: boxDeviations.default([0.1, 0.1, 0.2, 0.2]),
    detectionMaxInstances: positiveInt.default(100),
    detectionMinConfidence: share.default(0.7),
    detectionNmsThreshold: share.default(0.3),
    learningRate: z.number().positive().default(0.001),
    learningMomentum: share.default(0.9),
    /**
     * Of kernels and biases: the factor of Matterport's L2 loss, whose squares are averaged within each weight;
     * with AdamW the share (times the learning rate) by which each decays at a step, for which 0.01 is usual.
     */
    weightDecay: z.number().nonnegative().default(0.0001),
    lossWeights: z
      .strictObject({
        rpnClassLoss: z.number().nonnegative().default(1),
        rpnBboxLoss: z.number().nonnegative().default(1),
        mrcnnClassLoss: z.number().nonnegative().default(1),
        mrcnnBboxLoss: z.number().nonnegative().default(1),
        mrcnnMaskLoss: z.number().nonnegative().default(1),
      })
      .prefault({}),
    useRpnRois: z.boolean().default(true),
    /**
     * `false` freezes the statistics of batch norm (gamma and beta are trained all the same), `true`
     * normalises by the batch everywhere. `backbone` (not in Matterport, meant for training from scratch)
     * does so below the heads only: a head's batch is a few RoIs and much padding, whose statistics mislead.
     * Of no effect with `normalization` "group", which has no statistics.
     */
    trainBn: z.union([z.boolean(), z.literal('backbone')]).default(false),
    /**
     * What batch norm's averages keep of themselves at each step (0.99 in Keras). Runs of a few hundred steps
     * want less: 0.99 still holds a third of the initial statistics after a hundred.
     */
    bnMomentum: share.default(0.99),
    /** Largest norm of the gradients; 0 turns clipping off. */
    gradientClipNorm: z.number().nonnegative().default(5),
    /**
     * Whose norm is held below `gradientClipNorm`: all gradients' together, as the original's Keras 2.2.4
     * does, or each parameter's own, as tf.keras does in the forks of Matterport's library.
     */
    gradientClipMode: z.enum(['global', 'variable']).default('global'),
    /**
     * Matterport lets the box loss's gradient flow through its targets into the RPN. The targets are what
     * the loss is measured against: with `false` (the default) they are constants, as in the paper and in
     * every other implementation; `true` differentiates as the original does.
     */
    gradientThroughTargets: z.boolean().default(false),
    /**
     * `batch` is Matterport's batch norm; `group` (Wu & He, 2018) normalises each image by itself over
     * groups of channels, and so needs no large batch. Its weights are gamma and beta alone.
     */
    normalization: z.enum(['batch', 'group']).default('batch'),
    /** Groups of group norm; must divide 64 and `fpnClassifFcLayersSize`, the channels that it normalises. */
    normGroups: positiveInt.default(32),
    /** `sgd` with momentum as in Matterport, or `adamw` (Loshchilov & Hutter, 2019). */
    optimizer: z.enum(['sgd', 'adamw']).default('sgd'),
    adamBeta1: z.number().min(0).lt(1).default(0.9),
    adamBeta2: z.number().min(0).lt(1).default(0.999),
    adamEpsilon: z.number().positive().default(1e-8),
    /**
     * What the moving average of the weights keeps of itself at a step (less at a stage's first steps); 0
     * keeps no average. Where there is one it is what is validated, scored and published.
     */
    emaDecay: z.number().min(0).lt(1).default(0),
    /**
     * Batches whose mean gradient makes one step of the optimizer. `stepsPerEpoch` and the learning rate's
     * schedule count such steps.
     */
    gradientAccumulationSteps: positiveInt.default(1),
    /**
     * What convolutions and matrix products compute in once they are compiled; weights, losses, sums over axes
     * and the optimizer are float32 in either case. `bfloat16` is faster where the machine has such arithmetic
     * (`lesionflow doctor` says so).
     */
    precision: z.enum(['float32', 'bfloat16']).default('float32'),
  })
  .superRefine((config, context) => {
    const channels = [64, config.fpnClassifFcLayersSize];
    if (config.normalization === 'group' && channels.some((count) => count % config.normGroups)) {
      context.addIssue({
        code: 'custom',
        path: ['normGroups'],
        message:
          'must divide the channels of every normalised layer: 64 (conv1) and ' +
          `${String(config.fpnClassifFcLayersSize)} (fpnClassifFcLayersSize), got ${String(config.normGroups)}`,
      });
    }
    const side = config.imageResizeMode === 'square' ? 'imageMaxDim' : 'imageMinDim';
    if (config.imageResizeMode !== 'none' && config[side] % 64 !== 0) {
      context.addIssue({
        code: 'custom',
        path: [side],
        message: `must be a multiple of 64 so that the pyramid halves six times, got ${String(config[side])}`,
      });
    }
    const mask = 2 * config.maskPoolSize;
    if (config.maskShape.some((length) => length !== mask)) {
      context.addIssue({
        code: 'custom',
        path: ['maskShape'],
        message: `must be [${String(mask)}, ${String(mask)}]: the mask head doubles maskPoolSize, got [${config.maskShape.join(', ')}]`,
      });
    }
  })
  .readonly();

/** What a user writes: every option may be left out. */
export type MaskRcnnConfigInput = z.input<typeof maskRcnnConfigSchema>;
export type MaskRcnnConfig = z.output<typeof maskRcnnConfigSchema>;

/** Images in one training batch. */
export function batchSize(config: MaskRcnnConfig): number {
  return config.gpuCount * config.imagesPerGpu;
}

/** Height, width and channels of what the network is built for, in pixels. */
export function imageShape(config: MaskRcnnConfig): readonly [number, number, number] {
  const side = config.imageResizeMode === 'crop' ? config.imageMinDim : config.imageMaxDim;
  return [side, side, config.imageChannelCount];
}

/** Numbers in the row that goes with each image: id, sizes, window, scale, and a flag a class. */
export function imageMetaSize(config: MaskRcnnConfig): number {
  return 1 + 3 + 3 + 4 + 1 + config.numClasses;
}

/** RoI slots that may hold a positive: `trunc(trainRoisPerImage * roiPositiveRatio)` (66 of 200). */
export function positiveRoiSlots(config: MaskRcnnConfig): number {
  return Math.trunc(config.trainRoisPerImage * config.roiPositiveRatio);
}

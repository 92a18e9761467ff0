/**
 * What starts a run: from the CLI, the Temporal UI, or a schedule. Only the two archives are required;
 * every default is the recipe's (README, "The recipe").
 */
import { z } from 'zod';
import { augmentationSchema } from '../augmentation/schema.ts';
import { namedConfigSchema } from '../maskrcnn/config-parsing.ts';
import type { MaskRcnnConfigInput } from '../maskrcnn/config.ts';
import { secretInUrl } from '../wording/secrets-in-urls.ts';
import { lossesSchema } from './progress.ts';
import { scoresSchema } from './references.ts';

const slug = z
  .string()
  .regex(
    /^[a-z0-9][a-z0-9-]{0,62}$/,
    'must be lower-case letters, digits and dashes, e.g. "isic2018"',
  );

const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');

/** The input is stored in the run's history, which everybody who may look at runs can read. */
function withoutSecret(url: string, context: z.RefinementCtx): void {
  const secret = secretInUrl(url);
  if (secret === undefined) return;
  context.addIssue({
    code: 'custom',
    message:
      `must hold no secret, and has ${secret}: an input is kept in the run's history for everybody to read. ` +
      "Use s3://, which is read by the worker's own rights, or file:// for a file that the worker can read; " +
      'if it was sent to Temporal, take the secret for known and change it',
  });
}

/** `https://…`, `http://…`, `s3://bucket/key` or `file:///…` (a file that the data worker can read). */
export const archiveUrlSchema = z
  .string()
  .regex(/^(https?|s3|file):\/\/.+/, 'must be an https://, http://, s3:// or file:// URL of a zip')
  .superRefine(withoutSecret);

const archiveSourceSchema = z.union([
  archiveUrlSchema.transform((url) => ({ url })),
  z.strictObject({ url: archiveUrlSchema, sha256: sha256.optional() }),
]);

/** A regular expression over layer names, or one of Matterport's names for one. */
export const layerSetSchema = z
  .string()
  .min(1)
  .refine(isRegularExpression, 'must be heads, 3+, 4+, 5+, all or a regular expression');

function isRegularExpression(pattern: string): boolean {
  try {
    new RegExp(pattern);
    return true;
  } catch {
    return false;
  }
}

export const stageSchema = z.strictObject({
  /** Names the stage in keys, logs and the UI. */
  name: slug,
  /** `heads`, `3+`, `4+`, `5+`, `all`, or a regular expression over layer names. */
  layers: layerSetSchema,
  epochs: z.int().positive(),
  learningRate: z.number().positive(),
  /** `constant`, or a cosine from `learningRate` to 0 over the stage. */
  schedule: z.enum(['constant', 'cosine']).default('constant'),
  /** Steps at the stage's start in which the rate rises linearly from 0. */
  warmupSteps: z.int().nonnegative().default(0),
});

const fitting = {
  /** Layers to start afresh: names, or regular expressions over whole names. */
  exclude: z.array(layerSetSchema).optional(),
  /** Must the weights be the model's, but for `exclude`: all there, in their shapes, and no others? */
  strict: z.boolean().optional(),
};
const downloadedWeights = {
  url: z.url().superRefine(withoutSecret).optional(),
  sha256: sha256.optional(),
  ...fitting,
};

/** `exclude` is empty and `strict` false where they are left out, but for what is said below. */
export const initialWeightsSchema = z.discriminatedUnion('from', [
  /** Matterport's COCO weights; without `exclude`, all but the four class-dependent layers. */
  z.strictObject({ from: z.literal('coco'), ...downloadedWeights }),
  /** Keras' ImageNet weights of the backbone ("notop"). */
  z.strictObject({ from: z.literal('imagenet'), ...downloadedWeights }),
  /** A weight file of Keras or LesionFlow, at an address as archives have them. */
  z.strictObject({
    from: z.literal('file'),
    url: z
      .string()
      .regex(
        /^(https?|s3|file):\/\/.+/,
        'must be an https://, http://, s3:// or file:// URL of an .h5 file',
      )
      .superRefine(withoutSecret),
    sha256: sha256.optional(),
    ...fitting,
  }),
  /**
   * An earlier model version of the registry: a number, or an alias such as `champion`. `strict` unless it
   * says otherwise.
   */
  z.strictObject({
    from: z.literal('version'),
    model: slug,
    version: z.union([z.int().positive(), slug]),
    ...fitting,
  }),
  z.strictObject({ from: z.literal('scratch') }),
]);

/**
 * Ends each stage when validation stops getting better, and goes on with its best epoch rather than its
 * last, whether it ended early or not. The epochs of later stages keep their numbers.
 */
export const earlyStoppingSchema = z.strictObject({
  /** The validation loss to watch; lower is better. */
  metric: lossesSchema.keyof().exclude(['l2']).default('total'),
  /** Epochs without a better one after which the stage ends. */
  patience: z.int().positive().default(5),
  /** By how much an epoch must be better to count. */
  minDelta: z.number().nonnegative().default(0),
});

/** Which published versions the alias may move to; `storage/alias-gate.ts` decides, and says why in words. */
export const gateSchema = z.strictObject({
  /** The validation score that decides, of ISIC's definitions; higher is better. */
  metric: scoresSchema.keyof().default('thresholdJaccard'),
  /** The least that a version needs, the first one too. */
  minimum: z.number().min(0).max(1).default(0),
  /**
   * By how much it must beat the version that holds the alias, on the very same split: scores on different splits
   * never compare. At 0 it must still be greater.
   */
  margin: z.number().min(0).max(1).default(0),
});

/** A person decides, once the gate has let a version pass. */
export const approvalRuleSchema = z.strictObject({
  /** How long the run waits for an answer; none by then rejects the version. */
  hours: z
    .number()
    .positive()
    .max(24 * 365)
    .default(72),
});

/** Where a version's number or an alias may stand, digits alone are a number. */
const aliasName = slug.refine(
  (name) => !/^\d+$/.test(name),
  'must not be a number: that would name a version',
);

/** Where the recipe differs from Matterport's defaults: one class, one 1024² image a step. */
const LESION_RECIPE = {
  imagesPerGpu: 1,
  numClasses: 2,
  imageMinDim: 1024,
  imageMaxDim: 1024,
  stepsPerEpoch: 2075,
  validationSteps: 519,
} as const satisfies MaskRcnnConfigInput;

const inputSchema = z.strictObject({
  dataset: z.strictObject({
    name: slug,
    images: archiveSourceSchema,
    masks: archiveSourceSchema,
  }),
  inspection: z
    .strictObject({
      /** The run fails when a larger share of the pairs is quarantined. */
      maxQuarantinedShare: z.number().min(0).max(1).default(0.05),
    })
    .prefault({}),
  split: z
    .strictObject({
      validationShare: z.number().gt(0).lt(1).default(0.2),
      seed: z.int().nonnegative().default(42),
      /** Uses only so many pairs, drawn by the seed; all when absent. */
      maxPairs: z.int().min(2).optional(),
    })
    .prefault({}),
  /**
   * Options of `maskrcnn/config.ts`, in its spelling or in Matterport's; what is left out comes from the
   * recipe, then from Matterport.
   */
  model: namedConfigSchema(LESION_RECIPE).prefault({}),
  training: z
    .strictObject({
      seed: z.int().nonnegative().default(42),
      initialWeights: initialWeightsSchema.default({ from: 'coco' }),
      /** An operation, a list, or a preset (`augmentation/`); `null` for none. */
      augmentation: augmentationSchema.nullable().prefault('recipe'),
      earlyStopping: earlyStoppingSchema.nullable().default(null),
      stages: z
        .array(stageSchema)
        .min(1)
        .refine(
          (stages) => new Set(stages.map(({ name }) => name)).size === stages.length,
          'must have distinct names',
        )
        .default([
          {
            name: 'heads',
            layers: 'heads',
            epochs: 20,
            learningRate: 1e-3,
            schedule: 'constant',
            warmupSteps: 0,
          },
          {
            name: 'all',
            layers: 'all',
            epochs: 20,
            learningRate: 1e-4,
            schedule: 'constant',
            warmupSteps: 0,
          },
        ]),
    })
    .prefault({}),
  checkpoints: z
    .strictObject({
      /**
       * Seconds of training between two checkpoints within an epoch, which is what a lost worker costs at most;
       * 0 for none but at the epoch's end.
       */
      everySeconds: z.number().nonnegative().default(120),
      /** Finished epochs whose checkpoints are kept, beside the best one's; the others are deleted. */
      keepEpochs: z.int().min(2).default(3),
    })
    .prefault({}),
  evaluation: z
    .strictObject({
      /** The overlays kept for the report. */
      overlays: z.int().nonnegative().default(12),
      /** Instances below are not a prediction. */
      minConfidence: z.number().min(0).max(1).default(0.05),
    })
    .prefault({}),
  publish: z
    .strictObject({
      model: slug.default('lesion'),
      /** What the new version may become. Others point to it: `predict`, `serve`, the next run's weights. */
      alias: aliasName.default('champion'),
      /** `null` for none: each run's version takes the alias. */
      gate: gateSchema.nullable().prefault({}),
      /** `null` where the gate decides alone. */
      approval: approvalRuleSchema.nullable().default(null),
    })
    .prefault({}),
  timeouts: z
    .strictObject({
      /**
       * Seconds without progress after which a worker counts as dead and its step starts anew elsewhere.
       * Must be longer than the slowest single training step.
       */
      heartbeatSeconds: z.int().min(2).max(3600).default(60),
    })
    .prefault({}),
  /** Trains even when an earlier run did the very same. */
  force: z.boolean().default(false),
});

export const pipelineInputSchema = inputSchema.superRefine(({ model, training }, context) => {
  if (training.earlyStopping === null || model.validationSteps > 0) return;
  context.addIssue({
    code: 'custom',
    path: ['training', 'earlyStopping'],
    message: 'needs a validation loss to watch: set model.validationSteps to 1 or more',
  });
});

export type PipelineInput = z.output<typeof pipelineInputSchema>;
export type PipelineRequest = z.input<typeof pipelineInputSchema>;
export type Stage = z.output<typeof stageSchema>;
export type EarlyStopping = z.output<typeof earlyStoppingSchema>;
export type InitialWeights = z.output<typeof initialWeightsSchema>;
export type Gate = z.output<typeof gateSchema>;
export type ApprovalRule = z.output<typeof approvalRuleSchema>;
export type ArchiveSource = z.output<typeof archiveSourceSchema>;

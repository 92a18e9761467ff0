/** Signs of life: what a heartbeat carries, and what a run answers when it is asked how far it is. */
import { z } from 'zod';
import { verdictSchema } from './control.ts';
import {
  checkpointRefSchema,
  evaluationRefSchema,
  scoresSchema,
  versionRefSchema,
} from './references.ts';

/** Matterport's five losses (before the loss weights), L2, and the total that is minimised. */
export const lossesSchema = z.strictObject({
  total: z.number(),
  rpnClass: z.number(),
  rpnBbox: z.number(),
  mrcnnClass: z.number(),
  mrcnnBbox: z.number(),
  mrcnnMask: z.number(),
  l2: z.number(),
});

/** The heartbeat details of every activity that takes time. */
export const activityProgressSchema = z.strictObject({
  /** Work done and to do, in `unit`s. */
  done: z.number().nonnegative(),
  total: z.number().nonnegative(),
  unit: z.string(),
  note: z.string().optional(),
  losses: lossesSchema.optional(),
  imagesPerSecond: z.number().nonnegative().optional(),
  /** Share of the time in which the model waited for data, 0 to 1. */
  dataWaitShare: z.number().nonnegative().optional(),
  /** Most memory that the trainer's process held at once so far. */
  peakResidentBytes: z.number().nonnegative().optional(),
  /** Of an epoch: the checkpoints saved within it, newest first. The next attempt goes on from the first sound one. */
  checkpoints: z.array(checkpointRefSchema).optional(),
  /** Of an epoch: steps that were done again so far, since an attempt was lost after its last checkpoint. */
  stepsRedone: z.int().nonnegative().optional(),
});

export const pipelineStepSchema = z.enum([
  'fetch-images',
  'fetch-masks',
  'unpack-images',
  'unpack-masks',
  'inspect',
  'split',
  'records',
  'train',
  'evaluate',
  'publish',
  'promote',
]);

export const epochResultSchema = z.strictObject({
  stage: z.string(),
  epoch: z.int().positive(),
  training: lossesSchema,
  validation: lossesSchema.nullable(),
  seconds: z.number(),
  /** Of a run's first epoch: what the initial weights gave, and what they did not. */
  startedFrom: z.string().optional(),
  /** Steps that were done more than once, since attempts were lost. */
  stepsRedone: z.int().nonnegative().optional(),
  /** What went wrong and was mended on the way, e.g. a damaged checkpoint that was passed over. */
  warnings: z.array(z.string()).optional(),
});

/** The best epoch of a stage so far, by the metric that early stopping watches (else by the total). */
export const bestEpochSchema = z.strictObject({ epoch: z.int().positive(), loss: z.number() });

/** A stage that ended before its last epoch. */
export const stageStopSchema = z.strictObject({
  stage: z.string(),
  /** Epochs of the stage that were done, and that were planned. */
  epochs: z.int().nonnegative(),
  planned: z.int().positive(),
  /** Whose checkpoint the run goes on with; 1-based over all stages. */
  bestEpoch: z.int().positive(),
  /** Validation did not get better any more, or somebody asked for it (`stopEarly`). */
  reason: z.enum(['no-better', 'asked']).default('no-better'),
});

/** What was decided about an alias when a version was published. */
export const aliasAnswerSchema = z.strictObject({
  name: z.string(),
  moved: z.boolean(),
  reason: z.string(),
  /** The person whose word it was; `null` where the gate decided alone, or nobody answered. */
  by: z.string().nullable().default(null),
});

/** What a person was asked, and said. */
const askedApprovalSchema = z.strictObject({
  /** The gate's words: why the version may have the alias. */
  gate: z.string(),
  until: z.iso.datetime(),
  /** `null` while the run waits for it. */
  verdict: verdictSchema.nullable(),
});

/** The answer to the query `status`. */
export const runStatusSchema = z.strictObject({
  runId: z.string(),
  state: z.enum(['running', 'paused', 'waiting for approval', 'completed', 'failed', 'cancelled']),
  steps: z.array(
    z.strictObject({
      step: pipelineStepSchema,
      /** Skipped: an earlier run did the same, and its result is taken. */
      state: z.enum(['waiting', 'running', 'done', 'failed', 'skipped']),
      summary: z.string(),
    }),
  ),
  epochs: z.strictObject({ done: z.int(), total: z.int() }),
  history: z.array(epochResultSchema),
  /** When the training may be over, by the pace of its last epochs; `null` where nothing says so. */
  trainedAt: z.iso.datetime().nullable().default(null),
  /** The best epoch so far, by the validation loss that early stopping watches (else by the total). */
  bestEpoch: bestEpochSchema.nullable().default(null),
  stoppedEarly: z.array(stageStopSchema).default([]),
  /** The newest one that the run would go on from. */
  lastCheckpoint: checkpointRefSchema.nullable().default(null),
  /** What went wrong and was mended, and signals that were ignored; the newest last. */
  notes: z.array(z.string()).default([]),
  scores: scoresSchema.nullable(),
  /** What was published. */
  version: versionRefSchema.nullable().default(null),
  approval: askedApprovalSchema.nullable().default(null),
  alias: aliasAnswerSchema.nullable().default(null),
});

/** What the pipeline workflow returns. */
export const pipelineResultSchema = z.strictObject({
  runId: z.string(),
  /** No change: data, recipe and code are those of an earlier run, whose result this is. */
  outcome: z.enum(['trained', 'no-change']).default('trained'),
  evaluation: evaluationRefSchema,
  version: versionRefSchema,
  alias: aliasAnswerSchema,
});

export type Losses = z.output<typeof lossesSchema>;
export type ActivityProgress = z.output<typeof activityProgressSchema>;
export type PipelineStep = z.output<typeof pipelineStepSchema>;
export type EpochResult = z.output<typeof epochResultSchema>;
export type BestEpoch = z.output<typeof bestEpochSchema>;
export type StageStop = z.output<typeof stageStopSchema>;
export type AliasAnswer = z.output<typeof aliasAnswerSchema>;
export type RunStatus = z.output<typeof runStatusSchema>;
export type PipelineResult = z.output<typeof pipelineResultSchema>;

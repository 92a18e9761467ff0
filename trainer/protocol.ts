/**
 * What the GPU worker and its trainer process say to each other: JSON messages over node's IPC channel,
 * checked on both ends. A task's input is the activity's own; `attempt` makes the keys it writes its own.
 */
import { z } from 'zod';
import { augmentationSchema } from '../augmentation/schema.ts';
import type {
  EvaluateModelInput,
  PublishModelInput,
  TrainEpochInput,
  TrainEpochOutput,
} from '../contracts/activities.ts';
import { initialWeightsSchema, stageSchema } from '../contracts/pipeline-input.ts';
import {
  activityProgressSchema,
  bestEpochSchema,
  epochResultSchema,
} from '../contracts/progress.ts';
import {
  checkpointRefSchema,
  datasetRefSchema,
  evaluationRefSchema,
  recordsRefSchema,
  splitRefSchema,
  versionRefSchema,
  type EvaluationRef,
  type VersionRef,
} from '../contracts/references.ts';
import { maskRcnnConfigSchema } from '../maskrcnn/config.ts';
import { measureSchema } from './measures.ts';

const trainEpochInputSchema = z.strictObject({
  runId: z.string().min(1),
  config: maskRcnnConfigSchema,
  seed: z.int().nonnegative(),
  augmentation: augmentationSchema.nullable(),
  stage: stageSchema,
  epoch: z.int().positive(),
  stageFirstEpoch: z.int().positive(),
  start: z.discriminatedUnion('kind', [
    z.strictObject({ kind: z.literal('checkpoint'), checkpoint: checkpointRefSchema }),
    z.strictObject({ kind: z.literal('initial'), weights: initialWeightsSchema }),
  ]),
  split: splitRefSchema,
  records: recordsRefSchema,
  best: bestEpochSchema.nullable(),
  checkpoints: z.strictObject({
    everySeconds: z.number().nonnegative(),
    keepEpochs: z.int().positive(),
  }),
}) satisfies z.ZodType<TrainEpochInput>;

/** What earlier attempts at an epoch left behind, as far as their heartbeats told. */
const leftBehindSchema = z.strictObject({
  /** Saved within the epoch, newest first. */
  checkpoints: z.array(checkpointRefSchema),
  /** Steps of the epoch that were done; those after the checkpoint that is gone on from are done again. */
  stepsDone: z.int().nonnegative(),
  /** Steps that were done again before. */
  stepsRedone: z.int().nonnegative(),
});

const evaluateInputSchema = z.strictObject({
  runId: z.string().min(1),
  checkpoint: checkpointRefSchema,
  dataset: datasetRefSchema,
  split: splitRefSchema,
  overlays: z.int().nonnegative(),
  minConfidence: z.number().min(0).max(1),
}) satisfies z.ZodType<EvaluateModelInput>;

const exportInputSchema = z.strictObject({
  runId: z.string().min(1),
  model: z.string().min(1),
  configHash: z.string(),
  dataset: datasetRefSchema,
  split: splitRefSchema,
  records: recordsRefSchema,
  checkpoint: checkpointRefSchema,
  evaluation: evaluationRefSchema,
}) satisfies z.ZodType<PublishModelInput>;

/** Unique to one try of one activity, and safe in an object key. */
const attempt = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/, 'must be letters, digits, ".", "_" and "-"');

const taskSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('train-epoch'),
    attempt,
    input: trainEpochInputSchema,
    leftBehind: leftBehindSchema,
  }),
  z.strictObject({ kind: z.literal('evaluate'), attempt, input: evaluateInputSchema }),
  z.strictObject({ kind: z.literal('export'), attempt, input: exportInputSchema }),
]);

export const resultSchemas = {
  'train-epoch': z.discriminatedUnion('kind', [
    z.strictObject({
      kind: z.literal('finished'),
      checkpoint: checkpointRefSchema,
      result: epochResultSchema,
    }),
    z.strictObject({
      kind: z.literal('interrupted'),
      checkpoint: checkpointRefSchema.nullable(),
    }),
  ]),
  evaluate: evaluationRefSchema,
  export: versionRefSchema,
} satisfies { readonly [K in TaskKind]: z.ZodType<TaskResults[K]> };

const taskId = z.int().nonnegative();

export const requestSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('run'), taskId, task: taskSchema }),
  z.strictObject({ type: z.literal('cancel'), taskId }),
  /** Leave, whatever is running. */
  z.strictObject({ type: z.literal('exit') }),
]);

const remoteErrorSchema = z.strictObject({
  name: z.string(),
  message: z.string(),
  code: z.string(),
  retryable: z.boolean(),
  values: z.record(z.string(), z.unknown()),
});

export const replySchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({
    type: z.literal('progress'),
    taskId,
    progress: activityProgressSchema,
    measure: measureSchema.optional(),
  }),
  z.strictObject({ type: z.literal('measured'), taskId, measure: measureSchema }),
  z.strictObject({ type: z.literal('result'), taskId, result: z.unknown() }),
  z.strictObject({ type: z.literal('error'), taskId, error: remoteErrorSchema }),
]);

export type LeftBehind = z.output<typeof leftBehindSchema>;
export type Task = z.output<typeof taskSchema>;
export type TaskKind = Task['kind'];
export type TaskOf<K extends TaskKind> = Extract<Task, { kind: K }>;
export interface TaskResults {
  'train-epoch': TrainEpochOutput;
  evaluate: EvaluationRef;
  export: VersionRef;
}
export type Request = z.output<typeof requestSchema>;
export type Reply = z.output<typeof replySchema>;
export type RemoteError = z.output<typeof remoteErrorSchema>;

/** The JSON documents in the object store. Each is written after all that it names. */
import { z } from 'zod';
import { maskRcnnConfigSchema } from '../maskrcnn/config.ts';
import {
  aliasAnswerSchema,
  bestEpochSchema,
  lossesSchema,
  pipelineResultSchema,
} from './progress.ts';
import {
  archiveRefSchema,
  checkpointRefSchema,
  datasetRefSchema,
  evaluationRefSchema,
  recordsRefSchema,
  scoresSchema,
  splitRefSchema,
} from './references.ts';

const hash = z.string().regex(/^[0-9a-f]{64}$/);
const crc32 = z.int().min(0).max(0xffff_ffff);

/** A file in the store, named with what proves its contents. */
export const storedFileSchema = z.strictObject({
  key: z.string().min(1),
  bytes: z.int().nonnegative(),
  sha256: hash,
});

export const rawManifestSchema = z.strictObject({
  kind: z.literal('raw'),
  archive: archiveRefSchema,
  entries: z.array(
    z.strictObject({ path: z.string(), key: z.string(), bytes: z.int().nonnegative(), crc32 }),
  ),
});

export const datasetManifestSchema = z.strictObject({
  kind: z.literal('dataset'),
  name: z.string(),
  archives: z.strictObject({ images: hash, masks: hash }),
  pairs: z.array(
    z.strictObject({
      id: z.string(),
      imageKey: z.string(),
      maskKey: z.string(),
      width: z.int().positive(),
      height: z.int().positive(),
      /** Share of the image's pixels that are lesion. */
      lesionShare: z.number(),
    }),
  ),
  quarantined: z.array(z.strictObject({ id: z.string(), reason: z.string(), detail: z.string() })),
});

export const splitManifestSchema = z.strictObject({
  kind: z.literal('split'),
  dataset: datasetRefSchema,
  seed: z.int(),
  validationShare: z.number(),
  training: z.array(z.string()),
  validation: z.array(z.string()),
});

export const recordsManifestSchema = z.strictObject({
  kind: z.literal('records'),
  dataset: datasetRefSchema,
  size: z.int().positive(),
  shards: z.array(storedFileSchema.extend({ ids: z.array(z.string()) })),
});

export const checkpointManifestSchema = z.strictObject({
  kind: z.literal('checkpoint'),
  runId: z.string(),
  stage: z.string(),
  /** The epoch that it is of, 1-based over all stages. */
  epoch: z.int().nonnegative(),
  /** Steps of that epoch that are done; all of them at its end. */
  stepInEpoch: z.int().nonnegative(),
  /** Steps taken in the whole run. */
  step: z.int().nonnegative(),
  /** Of each loss over the epoch's steps so far, in their order; what the epoch's means are made of. */
  lossSums: lossesSchema,
  /** Of the epochs before this one. */
  best: bestEpochSchema.nullable(),
  /** What an epoch may go on under: the same recipe and data; other code makes other bits. */
  hashes: z.strictObject({ recipe: hash, data: hash, code: hash }),
  config: maskRcnnConfigSchema,
  /** As training goes on with them. */
  weights: storedFileSchema,
  /** The optimizer's slots by name; absent in the initial state. */
  optimizer: storedFileSchema.nullable(),
  /** The weights averaged over the steps (`emaDecay`): what is scored and published where they are. */
  averages: storedFileSchema.nullable().default(null),
});

export const imageScoreSchema = z.strictObject({
  id: z.string(),
  /** Confidence of the chosen instance; `null` when there was none. */
  confidence: z.number().nullable(),
  scores: scoresSchema,
});

export const evaluationManifestSchema = z.strictObject({
  kind: z.literal('evaluation'),
  checkpoint: checkpointRefSchema,
  split: splitRefSchema,
  scores: scoresSchema,
  images: z.array(imageScoreSchema),
  overlays: z.array(storedFileSchema),
});

export const lineageSchema = z.strictObject({
  runId: z.string(),
  dataset: datasetRefSchema,
  archives: z.strictObject({ images: hash, masks: hash }),
  split: splitRefSchema,
  records: recordsRefSchema,
  checkpoint: checkpointRefSchema,
  evaluation: evaluationRefSchema,
  configHash: hash,
  codeHash: hash,
});

export const modelVersionManifestSchema = z.strictObject({
  kind: z.literal('model-version'),
  model: z.string(),
  version: z.int().positive(),
  createdAt: z.iso.datetime(),
  config: maskRcnnConfigSchema,
  classNames: z.array(z.string()),
  scores: scoresSchema,
  lineage: lineageSchema,
  weights: storedFileSchema,
  savedModel: z.array(storedFileSchema),
  modelCard: storedFileSchema,
});

/** Takes a version's number for one publication: whoever tries the same again takes the same number. */
export const versionClaimSchema = z.strictObject({
  kind: z.literal('claim'),
  model: z.string(),
  version: z.int().positive(),
  /** Hash of what makes a publication that one: run, checkpoint, evaluation. Absent in claims of older code. */
  publication: hash.optional(),
});

/** A time that an alias came to name a version. */
const aliasTurnSchema = z.strictObject({
  version: z.int().positive(),
  at: z.iso.datetime(),
  /** The person who decided; `null` where the gate did alone. */
  by: z.string().nullable(),
  /** The gate's words, or the person's. */
  reason: z.string(),
});

export const aliasSchema = z.strictObject({
  model: z.string(),
  alias: z.string(),
  version: z.int().positive(),
  splitHash: hash,
  scores: scoresSchema,
  updatedAt: z.iso.datetime(),
  /** Versions that publishing has moved the alias to, newest first: it does so once for each. */
  movedTo: z.array(z.int().positive()).default([]),
  /** What it named and why, newest first; the first is the version that it names now. */
  history: z.array(aliasTurnSchema).default([]),
});

/** What publishing a version decided about an alias. */
export const aliasMoveSchema = aliasAnswerSchema.extend({ kind: z.literal('alias-move') });

/** What a run came to, under the key of all that decides it: a run with the same key need not train. */
export const outcomeSchema = z.strictObject({
  kind: z.literal('outcome'),
  result: pipelineResultSchema,
});

export type StoredFile = z.output<typeof storedFileSchema>;
export type RawManifest = z.output<typeof rawManifestSchema>;
export type DatasetManifest = z.output<typeof datasetManifestSchema>;
export type SplitManifest = z.output<typeof splitManifestSchema>;
export type RecordsManifest = z.output<typeof recordsManifestSchema>;
export type CheckpointManifest = z.output<typeof checkpointManifestSchema>;
export type ImageScore = z.output<typeof imageScoreSchema>;
export type EvaluationManifest = z.output<typeof evaluationManifestSchema>;
export type Lineage = z.output<typeof lineageSchema>;
export type ModelVersionManifest = z.output<typeof modelVersionManifestSchema>;
export type Alias = z.output<typeof aliasSchema>;
export type Outcome = z.output<typeof outcomeSchema>;

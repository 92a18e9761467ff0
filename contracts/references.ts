/**
 * What travels through Temporal: small references to objects in the store, each with the hash of what it
 * names. Contents never travel.
 */
import { z } from 'zod';

const key = z.string().min(1);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const count = z.int().nonnegative();

/** A zip in the store. */
export const archiveRefSchema = z.strictObject({ key, bytes: count, sha256: hash });

/** An unpacked archive: its manifest lists every entry. `hash` is the SHA-256 of the manifest's bytes. */
export const rawRefSchema = z.strictObject({ manifestKey: key, hash, entries: count });

export const datasetRefSchema = z.strictObject({
  name: z.string(),
  manifestKey: key,
  hash,
  pairs: count,
  quarantined: count,
});

export const splitRefSchema = z.strictObject({ key, hash, training: count, validation: count });

/** Images and masks at training size, packed in shards. */
export const recordsRefSchema = z.strictObject({
  manifestKey: key,
  hash,
  size: z.int().positive(),
  records: count,
});

/** A complete training state: weights, optimizer, place in the recipe. */
export const checkpointRefSchema = z.strictObject({
  manifestKey: key,
  hash,
  stage: z.string(),
  /** The epoch that it is of, 1-based over all stages. */
  epoch: count,
  /** Steps of that epoch that are done; all of them at its end. */
  stepInEpoch: count,
});

export const scoresSchema = z.strictObject({
  jaccard: z.number(),
  thresholdJaccard: z.number(),
  dice: z.number(),
  sensitivity: z.number(),
  specificity: z.number(),
  accuracy: z.number(),
});

export const evaluationRefSchema = z.strictObject({
  key,
  hash,
  images: count,
  scores: scoresSchema,
});

export const versionRefSchema = z.strictObject({
  model: z.string(),
  version: z.int().positive(),
  manifestKey: key,
  hash,
});

export type ArchiveRef = z.output<typeof archiveRefSchema>;
export type RawRef = z.output<typeof rawRefSchema>;
export type DatasetRef = z.output<typeof datasetRefSchema>;
export type SplitRef = z.output<typeof splitRefSchema>;
export type RecordsRef = z.output<typeof recordsRefSchema>;
export type CheckpointRef = z.output<typeof checkpointRefSchema>;
export type Scores = z.output<typeof scoresSchema>;
export type EvaluationRef = z.output<typeof evaluationRefSchema>;
export type VersionRef = z.output<typeof versionRefSchema>;

/**
 * What the trainer measures beside its progress, for the worker's metrics. Apart from progress, which every heartbeat
 * carries, workers of other builds read, and the server keeps. Of a step both go in one message: none is sent for metrics alone.
 */
import { z } from 'zod';

export const measureSchema = z.discriminatedUnion('kind', [
  /** What TensorFlow runs on. */
  z.strictObject({ kind: z.literal('device'), device: z.enum(['cpu', 'gpu']) }),
  /** A step of the optimizer was done. */
  z.strictObject({
    kind: z.literal('step'),
    learningRate: z.number().nonnegative(),
    /** With the wait for its data. */
    seconds: z.number().nonnegative(),
  }),
  /** A checkpoint is in the store. */
  z.strictObject({
    kind: z.literal('checkpoint'),
    /** In which the training stood still. */
    pauseSeconds: z.number().nonnegative(),
    /** Hashing and uploading, beside the training. */
    uploadSeconds: z.number().nonnegative(),
    bytes: z.int().nonnegative(),
  }),
  z.strictObject({ kind: z.literal('checkpoint-failed') }),
]);

export type Measure = z.output<typeof measureSchema>;

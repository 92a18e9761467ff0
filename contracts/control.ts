/**
 * What may be asked of a run under way. Each is an update of the pipeline workflow, which is refused with a
 * reason or answers in words, and a signal of the same name and effect for clients that can only signal.
 */
import { z } from 'zod';

/** The updates' and signals' names. */
export const controls = {
  pause: 'pause',
  resume: 'resume',
  stopEarly: 'stopEarly',
  extend: 'extend',
  approve: 'approve',
  reject: 'reject',
} as const;

/** `pause` and `resume` take nothing: no argument, `null` or `{}`. */
export const noRequestSchema = z.strictObject({}).nullable().optional();

export const stopEarlyRequestSchema = z
  .strictObject({
    /** Stops at once and goes on from the newest finished epoch, rather than after the epoch under way. */
    now: z.boolean().default(false),
    /** Ends only this stage, which must be under way; the whole training when absent. */
    stage: z.string().optional(),
  })
  .prefault({});

export const extendRequestSchema = z.strictObject({
  /** More epochs for the stage. */
  epochs: z.int().min(1).max(10_000),
  /** A stage that is not over; when absent the one under way, or the last. */
  stage: z.string().optional(),
});

/** Of `approve` and `reject`, where the run's input has `publish.approval`. */
export const verdictRequestSchema = z.strictObject({
  /** Who decides, as it is to be kept beside the alias. Nothing proves it: see docs/operations.md. */
  by: z.string().trim().min(1).max(100),
  /** Kept with it. */
  reason: z.string().trim().max(1000).default(''),
});

/** What a person said about a version, or that nobody did in time. */
export const verdictSchema = z.strictObject({
  isApproved: z.boolean(),
  /** `null` when the time ran out. */
  by: z.string().nullable(),
  reason: z.string(),
});

export type StopEarlyRequest = z.output<typeof stopEarlyRequestSchema>;
export type ExtendRequest = z.output<typeof extendRequestSchema>;
export type VerdictRequest = z.output<typeof verdictRequestSchema>;
export type Verdict = z.output<typeof verdictSchema>;

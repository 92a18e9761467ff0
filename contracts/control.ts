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

export type StopEarlyRequest = z.output<typeof stopEarlyRequestSchema>;
export type ExtendRequest = z.output<typeof extendRequestSchema>;

/** Options of a run that a data set speaks for, and why. */
import { z } from 'zod';

const options = z.record(z.string(), z.json());

export const proposalSchema = z.strictObject({
  /** For a person, e.g. `image size`. */
  what: z.string(),
  /** Values by their paths in the run's input, e.g. `model.imageMaxDim`. */
  options,
  /** What the preset that the proposal builds on has there. */
  before: options,
  /** One sentence. */
  reason: z.string(),
});
export type Proposal = z.output<typeof proposalSchema>;

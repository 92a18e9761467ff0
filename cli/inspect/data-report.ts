/** What `inspect data` found, as `--json` prints it and `data.json` keeps it. */
import { z } from 'zod';
import { findingSchema } from '../../datasets/fingerprint/finding.ts';
import { proposalSchema } from '../../datasets/fingerprint/proposal.ts';
import { duplicatePairSchema } from '../../datasets/fingerprint/split-leak.ts';
import { dataSummarySchema } from '../../datasets/fingerprint/summary.ts';
import { maskSummarySchema } from '../../report/mask-summary.ts';

export const anchorCountsSchema = z.strictObject({
  id: z.string(),
  positive: z.int(),
  negative: z.int(),
  neutral: z.int(),
});
export type AnchorCounts = z.output<typeof anchorCountsSchema>;

export const dataReportSchema = z.strictObject({
  /** Pairs of an image and its mask, by name alone. */
  pairs: z.int(),
  /** Pairs that were read; the others are in no number below. */
  read: z.int(),
  /** What has no partner, a twin, or was read and cannot be used. */
  quarantined: z.array(z.strictObject({ id: z.string(), reason: z.string(), detail: z.string() })),
  summary: dataSummarySchema,
  /** At training size. */
  masks: maskSummarySchema,
  /** As a run with these options would draw it; of all usable pairs when all were read. */
  split: z.strictObject({
    seed: z.int(),
    validationShare: z.number(),
    training: z.int(),
    validation: z.int(),
  }),
  /** The most alike first. */
  nearDuplicates: z.array(duplicatePairSchema),
  findings: z.array(findingSchema),
  /** What `--preset auto` takes. */
  proposals: z.array(proposalSchema),
  /** Of the samples whose anchors are drawn. */
  anchors: z.array(anchorCountsSchema),
  seconds: z.number(),
  /** Paths of the pictures and of `data.json`. */
  files: z.array(z.string()),
});
export type DataReport = z.output<typeof dataReportSchema>;

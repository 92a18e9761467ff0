/** The results file: the machine, and every time as it was measured. What is derived from them is not stored. */
import { z } from 'zod';
import { benchCaseSchema } from './cases.ts';

const milliseconds = z.number().positive();
const count = z.number().nonnegative();

const finishedSchema = z.strictObject({
  name: z.string(),
  outcome: z.literal('finished'),
  /** What did the work, with its version. */
  library: z.string(),
  /** Not counted; the first of ours builds the graph. */
  warmUps: z.array(milliseconds),
  milliseconds: z.array(milliseconds).min(1),
  /** The most memory that the process held at once (VmHWM), building of the graph included. */
  peakResidentBytes: z.int().positive(),
  /** Of the milliseconds of the last run, by what they went to. */
  parts: z.record(z.string(), count).optional(),
  /** Of an image, at the last run. */
  detections: count.optional(),
  /** RoIs on the lesion that the last training step sampled, all images together. */
  positives: count.optional(),
});

const entrySchema = z.discriminatedUnion('outcome', [
  finishedSchema,
  z.strictObject({
    name: z.string(),
    outcome: z.enum(['did not finish', 'not supported', 'left out']),
    reason: z.string(),
  }),
]);

export const machineSchema = z.strictObject({
  cpu: z.string(),
  cores: z.int().positive(),
  memoryBytes: z.int().positive(),
  /** Of those that matter here. */
  flags: z.array(z.string()),
  kernel: z.string(),
  node: z.string(),
  /** `null` outside of a checkout. */
  commit: z.string().nullable(),
  /** Does the checkout differ from the commit? */
  changed: z.boolean(),
});

export const resultsSchema = z.strictObject({
  /** ISO 8601. */
  date: z.iso.datetime(),
  /** As it was given. */
  arguments: z.array(z.string()),
  machine: machineSchema,
  /** Of the last minute, before and after (/proc/loadavg). */
  load: z.strictObject({ before: count, after: count }),
  /** What a reader must know before they trust the numbers. */
  warnings: z.array(z.string()),
  pictures: z.string(),
  /** Of our detection and training. */
  weights: z.string(),
  cases: z.array(z.strictObject({ case: benchCaseSchema, entries: z.array(entrySchema).min(1) })),
});

export type Finished = z.output<typeof finishedSchema>;
export type Entry = z.output<typeof entrySchema>;
export type Machine = z.output<typeof machineSchema>;
export type Results = z.output<typeof resultsSchema>;
export type CaseResult = Results['cases'][number];

/** The middle of the sorted values; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length / 2;
  const [low = Number.NaN, high = low] = sorted.slice(
    Math.ceil(middle) - 1,
    Math.floor(middle) + 1,
  );
  return (low + high) / 2;
}

export const OURS = 'LesionFlow';
export const EAGER = 'eager TensorFlow.js';
export const TORCHVISION = 'torchvision';

/** The fastest, by its median, of the finished entries whose name begins so. */
export function bestOf(
  { entries }: Pick<CaseResult, 'entries'>,
  name: string,
): Finished | undefined {
  const [best] = entries
    .filter((entry) => entry.outcome === 'finished')
    .filter((entry) => entry.name.startsWith(name))
    .sort((a, b) => median(a.milliseconds) - median(b.milliseconds));
  return best;
}

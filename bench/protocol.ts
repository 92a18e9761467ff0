/**
 * How the driver speaks with a contestant: a line of JSON to its stdin, a line of JSON from its stdout for
 * each. Lines that are not such replies are ignored, since libraries print what they like.
 *
 * prepare → ready or refused; run → ran, as often as asked; end → ended, and the process is gone.
 * Instead of any reply: failed.
 */
import { z } from 'zod';
import { benchCaseSchema } from './cases.ts';

/** A picture at the case's size: raw bytes in files, so that both languages read the same. */
export const pictureFilesSchema = z.strictObject({
  /** `[size, size, (r, g, b)]`, 0 to 255. */
  rgb: z.string(),
  /** `[size, size]`, 1 inside the one lesion and 0 outside. */
  mask: z.string(),
});

export const requestSchema = z.discriminatedUnion('do', [
  z.strictObject({
    do: z.literal('prepare'),
    case: benchCaseSchema,
    /** One for each image of the batch. */
    pictures: z.array(pictureFilesSchema),
    /** Trained weights, for contestants that can read a Keras file; initial ones where it is null. */
    weights: z.string().nullable(),
  }),
  z.strictObject({ do: z.literal('run') }),
  z.strictObject({ do: z.literal('end') }),
]);

const count = z.number().nonnegative();

export const ranSchema = z.strictObject({
  kind: z.literal('ran'),
  milliseconds: z.number().positive(),
  /** Of the milliseconds, by what they went to. */
  parts: z.record(z.string(), count).optional(),
  /** Mean number of an image. */
  detections: count.optional(),
  /** RoIs of a training step that lay on a lesion, all images together. */
  positives: count.optional(),
});

export const replySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('ready'),
    /** What does the work, with its version. */
    library: z.string(),
  }),
  /** The contestant cannot do this case, by design. */
  z.strictObject({ kind: z.literal('refused'), reason: z.string() }),
  ranSchema,
  z.strictObject({
    kind: z.literal('ended'),
    peakResidentBytes: z.int().positive(),
    /** As in `ran`, of a contestant that has to look for it. */
    positives: count.optional(),
  }),
  z.strictObject({ kind: z.literal('failed'), reason: z.string() }),
]);

export type PictureFiles = z.output<typeof pictureFilesSchema>;
export type Request = z.output<typeof requestSchema>;
export type Prepare = Extract<Request, { readonly do: 'prepare' }>;
export type Reply = z.output<typeof replySchema>;
export type Ran = z.output<typeof ranSchema>;
export type Ended = Extract<Reply, { readonly kind: 'ended' }>;

/** The reply in a line of output, or `undefined` for anything else. */
export function parseReply(line: string): Reply | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    return replySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

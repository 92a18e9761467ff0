/**
 * What the server and the process that holds a model say to each other, over node's IPC channel in its binary
 * form (`serialization: 'advanced'`), checked on both ends. A process holds one version for all its life.
 */
import { z } from 'zod';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { foundSchema, predictionQuerySchema } from '../api.ts';

const id = z.int().nonnegative();

export const requestSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('load'),
    config: maskRcnnConfigSchema,
    classNames: z.array(z.string()),
    weightsPath: z.string(),
    cacheFolder: z.string(),
  }),
  z.strictObject({
    type: z.literal('predict'),
    id,
    /** The file as it came. */
    picture: z.custom<Uint8Array>((value) => value instanceof Uint8Array),
    ...predictionQuerySchema.shape,
  }),
  z.strictObject({ type: z.literal('exit') }),
]);

export const replySchema = z.discriminatedUnion('type', [
  /** Loaded and warm: the next picture is answered without compiling. */
  z.strictObject({ type: z.literal('ready') }),
  z.strictObject({ type: z.literal('not-loaded'), message: z.string() }),
  z.strictObject({ type: z.literal('found'), id, found: foundSchema }),
  z.strictObject({ type: z.literal('broken-picture'), id }),
  z.strictObject({ type: z.literal('failed'), id, message: z.string() }),
]);

export type Request = z.output<typeof requestSchema>;
export type LoadRequest = Extract<Request, { type: 'load' }>;
export type PredictRequest = Extract<Request, { type: 'predict' }>;
export type Reply = z.output<typeof replySchema>;

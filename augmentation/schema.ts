/** An augmentation as a user may write it. Imports zod only: workflows check the pipeline's input by it. */
import { z } from 'zod';
import {
  childrenSchema,
  operationSchema,
  type Augmentation,
  type OperationInput,
} from './operations.ts';
import { augmentationPresets, presetNames, type AugmentationPreset } from './presets.ts';

export type { Augmentation };
export type AugmentationInput = OperationInput | readonly OperationInput[] | AugmentationPreset;

// Not an enum alone: what is no string should be told that it is no operation, not that it is no preset.
const presetSchema = z
  .string()
  .pipe(z.enum(presetNames))
  .transform((name) => operationSchema.parse(augmentationPresets[name])) as z.ZodType<
  Augmentation,
  AugmentationPreset
>;

/** An operation, a list of them (done in this order), or a preset's name, which is written out. */
export const augmentationSchema: z.ZodType<Augmentation, AugmentationInput> = z.union([
  operationSchema,
  childrenSchema.transform((children): Augmentation => ({ op: 'sequence', p: 1, children })),
  presetSchema,
]);

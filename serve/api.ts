/**
 * What the server answers, as zod schemas: the OpenAPI document is made of them (`http/openapi.ts`), and the
 * process that holds the model is held to them.
 */
import { z } from 'zod';
import { scoresSchema } from '../contracts/references.ts';

const share = z.number().min(0).max(1);
const pixels = z.int().nonnegative();

export const MASK_FORMATS = ['png', 'rle', 'polygon', 'none'] as const;

export const predictionQuerySchema = z.strictObject({
  minConfidence: z.coerce
    .number()
    .min(0)
    .max(1)
    .default(0.05)
    .describe('Instances below are left out.'),
  mask: z.enum(MASK_FORMATS).default('png').describe('How each mask is given.'),
});

const maskSchema = z
  .discriminatedUnion('format', [
    z.strictObject({
      format: z.literal('png'),
      data: z
        .base64()
        .describe("One 8-bit channel at the picture's own size: 0 is skin, 255 is lesion."),
    }),
    z.strictObject({
      format: z.literal('rle'),
      size: z.tuple([pixels.describe('height'), pixels.describe('width')]),
      counts: z.string().describe("COCO's compressed run lengths (pycocotools.mask.decode)."),
    }),
    z.strictObject({
      format: z.literal('polygon'),
      polygons: z
        .array(z.array(z.number()))
        .describe(
          "COCO's outlines `[x, y, x, y, …]`, without holes and to a pixel in a thousand: png and rle are exact.",
        ),
    }),
  ])
  .nullable()
  .describe('The pixels of the instance; null for mask=none.');

export const instanceSchema = z.strictObject({
  className: z.string(),
  score: share.describe('Confidence.'),
  box: z
    .strictObject({ x: pixels, y: pixels, width: pixels, height: pixels })
    .describe('In pixels of the picture, from its top left corner.'),
  areaPercent: z.number().min(0).max(100).describe("The mask's share of the picture, in per cent."),
  contour: z
    .array(z.array(z.tuple([z.number().describe('x'), z.number().describe('y')])))
    .describe('Closed rings in pixels of the picture, holes included (even-odd rule).'),
  mask: maskSchema,
});

const imageSchema = z
  .strictObject({ width: z.int().positive(), height: z.int().positive() })
  .describe('In pixels, turned upright as the EXIF orientation says.');

/** What the process that holds the model knows of a picture. */
export const foundSchema = z.strictObject({
  image: imageSchema,
  instances: z.array(instanceSchema).describe('By falling score, at most ten.'),
});

const versionFields = {
  model: z.string().describe("The model's name in the registry."),
  version: z.int().positive(),
};

export const predictionSchema = z.strictObject({ ...versionFields, ...foundSchema.shape });

export const modelStateSchema = z.strictObject({
  asked: z.string().describe('The name@alias or name@version that the server follows.'),
  state: z
    .enum(['none', 'loading', 'ready', 'restarting'])
    .describe('none: there is nothing to load yet; ready: pictures are answered.'),
  detail: z
    .string()
    .nullable()
    .describe('What is the matter and what to do, where there is something.'),
  current: z
    .strictObject({
      ...versionFields,
      createdAt: z.iso.datetime(),
      classNames: z.array(z.string()),
      inputSize: z.int().positive().describe('Longer side of what the network sees, in pixels.'),
      scores: scoresSchema.describe('On the validation images, by the definitions of ISIC 2018.'),
    })
    .nullable()
    .describe('The version that answers.'),
  queue: z.strictObject({
    places: z.int().positive().describe('Pictures that are taken at once.'),
    taken: z.int().nonnegative(),
  }),
  limits: z.strictObject({
    bytes: z.int().positive(),
    pixels: z.int().positive(),
    types: z.array(z.string()),
  }),
});

export const problemSchema = z
  .strictObject({
    type: z.literal('about:blank'),
    title: z.string().describe("The status' name."),
    status: z.int(),
    detail: z.string().describe('What was wrong and what to do, in a sentence.'),
    code: z.string().describe('One word a kind of problem, for programs.'),
  })
  .describe('RFC 9457.');

export const healthSchema = z.strictObject({ status: z.literal('ok') });

export type PredictionQuery = z.output<typeof predictionQuerySchema>;
export type MaskFormat = PredictionQuery['mask'];
export type Mask = z.output<typeof maskSchema>;
export type Instance = z.output<typeof instanceSchema>;
export type Found = z.output<typeof foundSchema>;
export type Prediction = z.output<typeof predictionSchema>;
export type ModelState = z.output<typeof modelStateSchema>;
export type Problem = z.output<typeof problemSchema>;

/**
 * COCO's files for instances, as far as its evaluation reads them (https://cocodataset.org/#format-data,
 * #format-results): a data set with its ground truth, and a list of results. Other fields pass unread.
 */
import { z } from 'zod';

const id = z.int();
const length = z.number().nonnegative();

/** Pixels from the top left corner of the image. */
const boxSchema = z.tuple([
  z.number().describe('x'),
  z.number().describe('y'),
  length.describe('width'),
  length.describe('height'),
]);

/**
 * Run lengths down the columns, the first of zeros: a list ("uncompressed"), or the string that
 * `pycocotools.mask.encode` makes of it.
 */
const rleSchema = z.object({
  size: z.tuple([z.int().positive().describe('height'), z.int().positive().describe('width')]),
  counts: z.union([z.string(), z.array(z.int().nonnegative())]),
});

/** The outlines of the parts, `[x, y, x, y, …]` each, of three corners at least. */
const polygonsSchema = z.array(z.array(z.number()).min(6));

const segmentationSchema = z.union([rleSchema, polygonsSchema]);

const annotationSchema = z.looseObject({
  id,
  image_id: id,
  category_id: id,
  bbox: boxSchema,
  /** Pixels inside; decides whether the instance is small, medium or large. */
  area: z.number().nonnegative(),
  /** 1: a region of many instances, in which any number of detections is neither right nor wrong. */
  iscrowd: z.union([z.literal(0), z.literal(1)]).default(0),
  segmentation: segmentationSchema.optional(),
});

/** The ground truth, `instances_*.json`. */
export const cocoDatasetSchema = z.looseObject({
  images: z.array(z.looseObject({ id, height: z.int().positive(), width: z.int().positive() })),
  categories: z.array(z.looseObject({ id, name: z.string().optional() })),
  annotations: z.array(annotationSchema),
});

/** A list of detections. Without a box that of the mask counts, without a mask that of the box. */
export const cocoResultsSchema = z.array(
  z
    .looseObject({
      image_id: id,
      category_id: id,
      score: z.number(),
      bbox: boxSchema.optional(),
      segmentation: segmentationSchema.optional(),
    })
    .refine(({ bbox, segmentation }) => bbox !== undefined || segmentation !== undefined, {
      error: 'a result has a bbox, a segmentation, or both',
    }),
);

export type CocoBox = Readonly<z.infer<typeof boxSchema>>;
export type CocoRle = Readonly<z.infer<typeof rleSchema>>;
export type CocoSegmentation = CocoRle | readonly (readonly number[])[];

export interface CocoAnnotation {
  readonly id: number;
  readonly image_id: number;
  readonly category_id: number;
  readonly bbox: CocoBox;
  readonly area: number;
  readonly iscrowd: 0 | 1;
  readonly segmentation?: CocoSegmentation | undefined;
}

export interface CocoDataset {
  readonly images: readonly {
    readonly id: number;
    readonly height: number;
    readonly width: number;
  }[];
  readonly categories: readonly { readonly id: number; readonly name?: string | undefined }[];
  readonly annotations: readonly CocoAnnotation[];
}

export interface CocoResult {
  readonly image_id: number;
  readonly category_id: number;
  readonly score: number;
  readonly bbox?: CocoBox | undefined;
  readonly segmentation?: CocoSegmentation | undefined;
}

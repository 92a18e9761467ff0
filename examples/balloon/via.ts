/**
 * Annotations of the VGG Image Annotator (`via_region_data.json`): outlines of instances, drawn by hand.
 * VIA 1 keeps an image's regions as an object, VIA 2 as a list; both are read, and so is a project file of VIA 2.
 */
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import {
  ellipseMask,
  polygonMask,
  rectangleMask,
  type Point,
  type Size,
} from '../../maskrcnn/index.ts';
import { AnnotationError } from './errors.ts';

const coordinates = z.array(z.number()).min(1);
const outlineSchema = z.discriminatedUnion('name', [
  z.object({
    name: z.enum(['polygon', 'polyline']),
    all_points_x: coordinates,
    all_points_y: coordinates,
  }),
  z.object({ name: z.literal('circle'), cx: z.number(), cy: z.number(), r: z.number().positive() }),
  z.object({
    name: z.literal('ellipse'),
    cx: z.number(),
    cy: z.number(),
    rx: z.number().positive(),
    ry: z.number().positive(),
    /** Clockwise, in radians. */
    theta: z.number().default(0),
  }),
  z.object({
    name: z.literal('rect'),
    x: z.number(),
    y: z.number(),
    width: z.number().positive(),
    height: z.number().positive(),
  }),
]);

const regionSchema = z.object({
  shape_attributes: outlineSchema,
  /** `class` names the class here; without it an instance is of the first class. */
  region_attributes: z.object({ class: z.string().optional() }).default({}),
});

const imageSchema = z.object({
  filename: z.string().min(1),
  regions: z.union([
    z.array(regionSchema),
    z.record(z.string(), regionSchema).transform((regions) => Object.values(regions)),
  ]),
});

const fileSchema = z.record(z.string(), imageSchema).transform((images) => Object.values(images));
const projectSchema = z.looseObject({ _via_img_metadata: z.unknown() });

export type ViaOutline = z.output<typeof outlineSchema>;
export type ViaRegion = z.output<typeof regionSchema>;
export type ViaImage = z.output<typeof imageSchema>;

/** The images of an annotation file, those without a region too. @throws AnnotationError */
export async function readVia(path: string): Promise<ViaImage[]> {
  let contents: unknown;
  try {
    contents = JSON.parse(await readFile(path, 'utf8'));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AnnotationError(path, `cannot be read (${reason})`, cause);
  }
  const project = projectSchema.safeParse(contents);
  const parsed = fileSchema.safeParse(project.data?._via_img_metadata ?? contents);
  if (parsed.success) return parsed.data;
  throw new AnnotationError(
    path,
    `is not what the VGG Image Annotator writes:\n${z.prettifyError(parsed.error)}`,
  );
}

/** The pixels inside of an outline, `[height * width]` of 0 and 1. */
export function outlineMask(outline: ViaOutline, size: Size): Uint8Array {
  switch (outline.name) {
    case 'polygon':
    case 'polyline': {
      const { all_points_x: xs, all_points_y: ys } = outline;
      return polygonMask(
        ys.map((y, i): Point => [y, xs[i] ?? 0]),
        size,
      );
    }
    case 'circle':
      return ellipseMask({ centre: [outline.cy, outline.cx], radii: [outline.r, outline.r] }, size);
    case 'ellipse': {
      const { cx, cy, rx, ry, theta: rotation } = outline;
      return ellipseMask({ centre: [cy, cx], radii: [ry, rx], rotation }, size);
    }
    case 'rect': {
      const { x, y, width, height } = outline;
      return rectangleMask({ start: [y, x], extent: [height, width] }, size);
    }
  }
}

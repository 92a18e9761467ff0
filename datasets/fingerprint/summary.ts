/** What a person should know of a data set, in numbers: of the pictures, of the lesions in them, of their colours. */
import { z } from 'zod';
import { colourStatsSchema, pooled } from './colour-stats.ts';
import type { PairMeasures } from './measure-pair.ts';
import { SKETCH_SIDE } from './perceptual-hash.ts';
import { spreadOf, spreadSchema } from './spread.ts';

export const dataSummarySchema = z.strictObject({
  images: z.strictObject({
    /** Every size that there is, the commonest first. */
    sizes: z.array(
      z.strictObject({ width: z.int(), height: z.int(), images: z.int().nonnegative() }),
    ),
    width: spreadSchema,
    height: spreadSchema,
    /** Width over height. */
    aspect: spreadSchema,
  }),
  lesions: z.strictObject({
    /** Share of the image. */
    area: spreadSchema,
    /** Width over height of the boxes. */
    aspect: spreadSchema,
    /** Of the boxes, in shares of the image: 0 is its top or left. */
    centreY: spreadSchema,
    centreX: spreadSchema,
    /** Lesions that touch 0, 1, 2, 3 and 4 sides of their image. */
    bordersTouched: z.array(z.int()).length(5),
    /** Lesions by the number of connected parts of their masks. */
    parts: z.array(z.strictObject({ parts: z.int(), lesions: z.int() })),
    /** `[32][32]`, top to bottom: the share of the pictures whose lesion covers this cell, 0 to 1. */
    heat: z.array(z.array(z.number())),
  }),
  /** Each picture counts the same. */
  colours: z.strictObject({
    all: colourStatsSchema,
    lesion: colourStatsSchema,
    skin: colourStatsSchema,
  }),
  /** Pictures by the number of their corners that are black. */
  darkCorners: z.array(z.int()).length(5),
});
export type DataSummary = z.output<typeof dataSummarySchema>;

/** Of at least one pair. */
export function summarise(measures: readonly PairMeasures[]): DataSummary {
  const spread = (value: (pair: PairMeasures) => number) => spreadOf(measures.map(value));
  const pool = (kind: keyof PairMeasures['colours']) =>
    pooled(measures.map(({ colours }) => colours[kind]));
  const counts = (value: (pair: PairMeasures) => number) =>
    [0, 1, 2, 3, 4].map((count) => measures.filter((pair) => value(pair) === count).length);
  return {
    images: {
      sizes: sizesOf(measures),
      width: spread(({ width }) => width),
      height: spread(({ height }) => height),
      aspect: spread(({ width, height }) => width / height),
    },
    lesions: {
      area: spread(({ area }) => area),
      aspect: spread(({ box: [y1, x1, y2, x2] }) => (x2 - x1) / (y2 - y1)),
      centreY: spread(({ box: [y1, , y2], height }) => (y1 + y2) / 2 / height),
      centreX: spread(({ box: [, x1, , x2], width }) => (x1 + x2) / 2 / width),
      bordersTouched: counts(({ bordersTouched }) => bordersTouched),
      parts: grouped(measures.map(({ parts }) => parts.length)).map(([parts, lesions]) => ({
        parts,
        lesions,
      })),
      heat: heatOf(measures),
    },
    colours: { all: pool('all'), lesion: pool('lesion'), skin: pool('skin') },
    darkCorners: counts(({ darkCorners }) => darkCorners),
  };
}

function sizesOf(measures: readonly PairMeasures[]): DataSummary['images']['sizes'] {
  const sizes = grouped(measures.map(({ width, height }) => `${String(width)} ${String(height)}`));
  return sizes
    .map(([size, images]) => {
      const [width = 0, height = 0] = size.split(' ').map(Number);
      return { width, height, images };
    })
    .sort((a, b) => b.images - a.images || b.width - a.width || b.height - a.height);
}

function heatOf(measures: readonly PairMeasures[]): number[][] {
  const range = Array.from({ length: SKETCH_SIDE }, (_, index) => index);
  return range.map((y) =>
    range.map((x) => {
      const at = y * SKETCH_SIDE + x;
      const sum = measures.reduce((total, { place }) => total + (place[at] ?? 0), 0);
      return Math.round((1e4 * sum) / 255 / measures.length) / 1e4;
    }),
  );
}

/** How often each value occurs, by rising value. */
function grouped<T extends string | number>(values: readonly T[]): (readonly [T, number])[] {
  const counts = new Map<T, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
}

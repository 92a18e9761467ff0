/**
 * What may be done to a training image, as data: JSON or YAML from the CLI, the Temporal UI or code. Names and
 * defaults are near imgaug's, which Matterport's users know: `Fliplr(0.5)` is `{ op: 'fliplr', p: 0.5 }`.
 *
 * Each operation has a probability `p` (default 1). A range is `[least, most]`, drawn from evenly for each
 * image; a number stands for itself. Lengths are in pixels of the training square, shares in 0 to 1.
 */
import { z } from 'zod';

interface Bounds {
  readonly least: number;
  readonly most: number;
}

/** `[least, most]` within `bounds`; a number becomes the range of itself. */
function range({ least, most }: Bounds, fallback: readonly [number, number]) {
  const value = z.number().min(least).max(most);
  return z
    .union([
      value.transform((only): [number, number] => [only, only]),
      z
        .tuple([value, value])
        .refine(([from, to]) => from <= to, 'must be a range [least, most] with least <= most'),
    ])
    .default([fallback[0], fallback[1]]);
}

/** How often the operation is done. */
const p = z.number().min(0).max(1).default(1);

/** Mirrors left and right. */
const fliplr = z.strictObject({ op: z.literal('fliplr'), p });

/** Mirrors top and bottom. */
const flipud = z.strictObject({ op: z.literal('flipud'), p });

/** Turns clockwise by a quarter, `k` times; one `k` of the list is drawn. An oblong image is shrunk to fit. */
const rot90 = z.strictObject({
  op: z.literal('rot90'),
  p,
  k: z.array(z.int().min(0).max(3)).min(1).default([0, 1, 2, 3]),
});

/** About the centre: first `scale`, then `shear`, `rotate` and `translatePercent`. */
const affine = z.strictObject({
  op: z.literal('affine'),
  p,
  /** Factor; above 1 enlarges. */
  scale: range({ least: 0.1, most: 10 }, [1, 1]),
  /** Degrees by which upright edges lean. */
  shear: range({ least: -60, most: 60 }, [0, 0]),
  /** Degrees, clockwise. */
  rotate: range({ least: -180, most: 180 }, [0, 0]),
  /** Share of the height and of the width; each is drawn for itself. */
  translatePercent: range({ least: -1, most: 1 }, [0, 0]),
});

/** Cuts a share off each side, each drawn for itself, and stretches the rest to the size before. */
const crop = z.strictObject({
  op: z.literal('crop'),
  p,
  percent: range({ least: 0, most: 0.45 }, [0, 0.1]),
});

/** Moves each pixel by smooth noise (Simard et al., 2003). */
const elastic = z.strictObject({
  op: z.literal('elastic'),
  p,
  /** Strength: the largest displacement there could be. At `sigma` 6, 40 moves a pixel by about 1. */
  alpha: range({ least: 0, most: 5000 }, [0, 40]),
  /** Smoothness: standard deviation, in pixels, of the Gaussian that smooths the noise. */
  sigma: range({ least: 1, most: 200 }, [4, 8]),
});

/** `v * multiply + add`, over 0 to 255. */
const brightness = z.strictObject({
  op: z.literal('brightness'),
  p,
  multiply: range({ least: 0, most: 10 }, [0.8, 1.2]),
  add: range({ least: -255, most: 255 }, [0, 0]),
});

/** `127 + alpha * (v - 127)`: imgaug's `LinearContrast`. */
const contrast = z.strictObject({
  op: z.literal('contrast'),
  p,
  alpha: range({ least: 0, most: 10 }, [0.6, 1.4]),
});

/** `255 * (v / 255) ^ gamma`: above 1 darkens. */
const gamma = z.strictObject({
  op: z.literal('gamma'),
  p,
  gamma: range({ least: 0.1, most: 10 }, [0.7, 1.7]),
});

/** In HSV: turns the hue, multiplies the saturation. */
const hueSaturation = z.strictObject({
  op: z.literal('hueSaturation'),
  p,
  /** Degrees of the colour circle, added. */
  hue: range({ least: -180, most: 180 }, [-18, 18]),
  /** Factor. */
  saturation: range({ least: 0, most: 10 }, [0.8, 1.2]),
});

const gaussianBlur = z.strictObject({
  op: z.literal('gaussianBlur'),
  p,
  /** Standard deviation in pixels. */
  sigma: range({ least: 0, most: 20 }, [0, 3]),
});

const gaussianNoise = z.strictObject({
  op: z.literal('gaussianNoise'),
  p,
  /** Standard deviation, over 0 to 255. */
  scale: range({ least: 0, most: 128 }, [0, 15]),
  /** Coloured noise; otherwise the three channels of a pixel get the same. */
  perChannel: z.boolean().default(false),
});

const leaves = [
  fliplr,
  flipud,
  rot90,
  affine,
  crop,
  elastic,
  brightness,
  contrast,
  gamma,
  hueSaturation,
  gaussianBlur,
  gaussianNoise,
] as const;

export type LeafOperation = z.output<(typeof leaves)[number]>;
type LeafInput = z.input<(typeof leaves)[number]>;

export type Combinator =
  | { op: 'sequence' | 'sometimes' | 'oneOf'; p: number; children: Augmentation[] }
  | { op: 'someOf'; p: number; count: [number, number | null]; children: Augmentation[] };

/** A checked augmentation with all its defaults. It is valid input too. */
export type Augmentation = LeafOperation | Combinator;

type CombinatorInput =
  | {
      readonly op: 'sequence' | 'sometimes' | 'oneOf';
      readonly p?: number | undefined;
      readonly children: readonly OperationInput[];
    }
  | {
      readonly op: 'someOf';
      readonly p?: number | undefined;
      readonly count: number | readonly [number, number | null];
      readonly children: readonly OperationInput[];
    };

/** One operation as a user writes it. */
export type OperationInput = LeafInput | CombinatorInput;

type Children = z.ZodType<Augmentation[], readonly OperationInput[]>;

/** All of `children`, in this order. */
const sequence = z.strictObject({
  op: z.literal('sequence'),
  p,
  get children(): Children {
    return childrenSchema;
  },
});

/** All of `children`, or none of them. */
const sometimes = z.strictObject({
  op: z.literal('sometimes'),
  p: z.number().min(0).max(1).default(0.5),
  get children(): Children {
    return childrenSchema;
  },
});

/** One of `children`. */
const oneOf = z.strictObject({
  op: z.literal('oneOf'),
  p,
  get children(): Children {
    return childrenSchema;
  },
});

const howMany = z.int().nonnegative();

/** So many different ones of `children`, in their order. */
const someOf = z
  .strictObject({
    op: z.literal('someOf'),
    p,
    /** `[least, most]`, each number as likely; `most` may be `null`, all of them. */
    count: z.union([
      howMany.transform((only): [number, number | null] => [only, only]),
      z.tuple([howMany, howMany.nullable()]),
    ]),
    get children(): Children {
      return childrenSchema;
    },
  })
  .superRefine(({ count: [least, most], children: { length } }, context) => {
    if (least <= (most ?? length) && (most ?? least) <= length) return;
    context.addIssue({
      code: 'custom',
      path: ['count'],
      message: `must be a range [least, most] within the ${length} children`,
    });
  });

export const operationSchema = z.discriminatedUnion('op', [
  ...leaves,
  sequence,
  sometimes,
  oneOf,
  someOf,
]);

export const childrenSchema: Children = z.array(operationSchema).min(1);

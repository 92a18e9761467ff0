/** What a picture and its mask tell of themselves: everything that is known of a pair once it was read. */
import type { Sharp } from 'sharp';
import { extractBox } from '../../maskrcnn/masks/extract-boxes.ts';
import type { Box } from '../../maskrcnn/shapes.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { checkPair } from '../inspect-dataset.ts';
import type { EntryPair, Quarantined } from '../pair-entries.ts';
import { resizeMaskNearest } from '../records/make-record.ts';
import { areaAverage } from './area-average.ts';
import { colourStats, pooled, type ColourStats } from './colour-stats.ts';
import { partAreas } from './mask-parts.ts';
import { SKETCH_SIDE, type Sketch } from './perceptual-hash.ts';

export interface PairMeasures {
  readonly id: string;
  /** Of the image as stored, in pixels. */
  readonly height: number;
  readonly width: number;
  /** Of the lesion: share of the image, above 0 and below 1. */
  readonly area: number;
  /** Around the lesion, in pixels of the image as stored. */
  readonly box: Box;
  /** Sides of the image that the lesion touches, 0 to 4. */
  readonly bordersTouched: number;
  /** Connected parts of the mask: the share of the lesion in each, the largest first. */
  readonly parts: readonly number[];
  readonly colours: {
    readonly all: ColourStats;
    readonly lesion: ColourStats;
    readonly skin: ColourStats;
  };
  /** Corners that are black, as the tube of a dermatoscope leaves them, 0 to 4. */
  readonly darkCorners: number;
  readonly sketch: Sketch;
  /** `[32 * 32]`: how much of each cell of the image is lesion, 0 to 255. */
  readonly place: Uint8Array;
}

/** The longer side at which colours are measured: a 12-megapixel JPEG is decoded at an eighth of its size. */
const VIEW_SIDE = 256;

/** Throws the store's errors. */
export async function measurePair(
  store: Pick<ObjectStore, 'get'>,
  entries: EntryPair,
): Promise<PairMeasures | Quarantined> {
  const checked = await checkPair(store, entries, shrunk);
  if ('reason' in checked) return checked;
  const { pair, mask, seen: view } = checked;
  const { id, height, width, lesionShare } = pair;
  const size = [height, width] as const;
  const box = extractBox(mask.mask, size);
  const viewSize = [view.height, view.width] as const;
  const small = resizeMaskNearest(mask.mask, { from: size, to: viewSize });
  const colours = coloursOf(view, { small, lesionShare });
  const grey = greyOf(view);
  return {
    id,
    height,
    width,
    area: lesionShare,
    box,
    bordersTouched: [box[0] <= 0, box[1] <= 0, box[2] >= height, box[3] >= width].filter(Boolean)
      .length,
    parts: partAreas(mask.mask, size).map((area) => area / mask.area),
    colours,
    darkCorners: countDarkCorners(grey, view),
    sketch: areaAverage(grey, { from: viewSize, to: [SKETCH_SIDE, SKETCH_SIDE] }),
    place: areaAverage(
      small.map((value) => 255 * value),
      { from: viewSize, to: [SKETCH_SIDE, SKETCH_SIDE] },
    ),
  };
}

interface View {
  /** `[height * width * (r, g, b)]` */
  readonly pixels: Uint8Array;
  readonly height: number;
  readonly width: number;
}

async function shrunk(picture: Sharp): Promise<View> {
  const { data, info } = await picture
    .removeAlpha()
    .toColourspace('srgb')
    .resize(VIEW_SIDE, VIEW_SIDE, { fit: 'inside', kernel: 'cubic', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true });
  return { pixels: data, height: info.height, width: info.width };
}

function coloursOf(
  { pixels }: View,
  { small, lesionShare }: { readonly small: Uint8Array; readonly lesionShare: number },
): PairMeasures['colours'] {
  const lesion = colourStats(pixels, { labels: small, label: 1 });
  const skin = colourStats(pixels, { labels: small, label: 0 });
  const kinds = [
    [lesion, lesionShare],
    [skin, 1 - lesionShare],
  ] as const;
  const there = kinds.flatMap(([stats, weight]) =>
    stats === undefined ? [] : [{ stats, weight }],
  );
  const all = pooled(
    there.map(({ stats }) => stats),
    (index) => there[index]?.weight ?? 0,
  );
  // A mask that is neither empty nor full can still be so in the view: all is then of one kind.
  return { all, lesion: lesion ?? all, skin: skin ?? all };
}

/** `[height * width]`, brightness as of Rec. 601. A plain loop: it runs over every pixel of every view. */
function greyOf({ pixels, height, width }: View): Uint8Array {
  const grey = new Uint8Array(height * width);
  for (let pixel = 0, at = 0; pixel < grey.length; pixel++, at += 3) {
    const [red = 0, green = 0, blue = 0] = [pixels[at], pixels[at + 1], pixels[at + 2]];
    grey[pixel] = Math.round(0.299 * red + 0.587 * green + 0.114 * blue);
  }
  return grey;
}

/** Side of a corner, as a share of the shorter side of the image. */
const CORNER = 1 / 16;
/** Mean brightness below which a corner is black: the darkest skin in ISIC is far above. */
const BLACK_BELOW = 40;

function countDarkCorners(grey: Uint8Array, { height, width }: View): number {
  const side = Math.max(1, Math.round(CORNER * Math.min(height, width)));
  const isDark = (top: number, left: number) => {
    let sum = 0;
    for (let y = top; y < top + side; y++) {
      for (let x = left; x < left + side; x++) sum += grey[y * width + x] ?? 0;
    }
    return sum / (side * side) < BLACK_BELOW;
  };
  const [bottom, right] = [height - side, width - side];
  return [isDark(0, 0), isDark(0, right), isDark(bottom, 0), isDark(bottom, right)].filter(Boolean)
    .length;
}

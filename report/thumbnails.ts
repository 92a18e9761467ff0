/** Small pictures with the outline of their lesion, to be looked at by the dozen. */
import { maskPath } from './contour.ts';
import { canvasFor, drawOnImage, type Drawing, type RgbPicture } from './drawing.ts';
import { legend, line, TRUTH_COLOUR } from './marks.ts';
import { mosaic } from './mosaic.ts';

export interface Thumbnail {
  readonly image: RgbPicture;
  /** `[height * width]` of the image; absent where there is none that can be used. */
  readonly mask?: Uint8Array | undefined;
}

const SIDE = { least: 240, most: 240 } as const;
/** Lines and letters would be too thick on so small a picture. */
const FINER = 0.8;

/** The outline in yellow, the caption in the lower left corner. */
function drawThumbnail({ image, mask }: Thumbnail, caption = ''): Promise<Drawing> {
  const drawn = canvasFor(image, SIDE);
  const canvas = { ...drawn, unit: FINER * drawn.unit };
  return drawOnImage(canvas, [
    ...(mask === undefined
      ? []
      : [
          line(
            maskPath(canvas, mask),
            { colour: TRUTH_COLOUR, width: 2.6, className: 'contour' },
            canvas,
          ),
        ]),
    ...(caption === '' ? [] : [legend(canvas, [{ text: caption, colour: null }])]),
  ]);
}

export interface NamedThumbnail extends Thumbnail {
  readonly id: string;
  readonly caption: string;
}

export interface ThumbnailRow {
  readonly title: string;
  /** `#rrggbb` @default dark */
  readonly titleColour?: string;
  readonly pictures: readonly NamedThumbnail[];
}

/** A row of pictures below each sentence. */
export async function drawThumbnailRows(
  rows: readonly ThumbnailRow[],
  title: string,
): Promise<Drawing> {
  const tiles = await Promise.all(
    rows.map(async ({ pictures, ...row }) => ({ ...row, drawing: await inARow(pictures) })),
  );
  return mosaic({ tiles, columns: 1, title });
}

export interface ThumbnailPair {
  readonly title: string;
  readonly pictures: readonly [NamedThumbnail, NamedThumbnail];
}

/** Two pictures side by side below what is said of both; three such pairs a row. */
export async function drawThumbnailPairs(
  pairs: readonly ThumbnailPair[],
  title: string,
): Promise<Drawing> {
  const tiles = await Promise.all(
    pairs.map(async (pair) => ({ title: pair.title, drawing: await inARow(pair.pictures) })),
  );
  return mosaic({ tiles, columns: 3, title });
}

async function inARow(pictures: readonly NamedThumbnail[]): Promise<Drawing> {
  const tiles = await Promise.all(
    pictures.map(async ({ id, caption, ...picture }) => ({
      title: id,
      drawing: await drawThumbnail(picture, caption),
    })),
  );
  return mosaic({ tiles, columns: tiles.length });
}

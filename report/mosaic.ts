/** Several drawings in a grid, each with a title: `display_images` of mrcnn/visualize.py. */
import type { Drawing } from './drawing.ts';
import { textElement } from './lettering.ts';

export interface Tile {
  readonly drawing: Drawing;
  /** @default none */
  readonly title?: string;
  /** `#rrggbb` @default dark */
  readonly titleColour?: string;
}

export interface MosaicOptions {
  readonly tiles: readonly Tile[];
  /** Tiles a row. @default 4 */
  readonly columns?: number;
  /** Over all. @default none */
  readonly title?: string;
}

const GAP = 16;
const TITLE_SIZE = 17;
const INK = '#1b2126';

/** Columns are as wide as their widest tile, rows as high as their highest. */
export function mosaic({ tiles, columns = 4, title }: MosaicOptions): Drawing {
  const count = Math.max(1, Math.min(columns, tiles.length));
  const rows = Math.ceil(tiles.length / count);
  const strip = tiles.some((tile) => tile.title !== undefined) ? 1.6 * TITLE_SIZE : 0;
  const head = title === undefined ? 0 : 2.4 * TITLE_SIZE;
  const at = (row: number, column: number) => tiles[row * count + column];
  const range = (length: number) => Array.from({ length }, (_, index) => index);
  const widths = range(count).map((column) =>
    Math.max(...range(rows).map((row) => at(row, column)?.drawing.width ?? 0)),
  );
  const heights = range(rows).map((row) =>
    Math.max(...range(count).map((column) => at(row, column)?.drawing.height ?? 0)),
  );
  const lefts = starts(widths, GAP);
  const tops = starts(
    heights.map((height) => height + strip),
    GAP,
  );
  const placed = range(rows).flatMap((row) =>
    range(count).flatMap((column) => {
      const tile = at(row, column);
      const [x = 0, y = 0] = [lefts[column], tops[row]];
      return tile === undefined ? [] : [placeTile(tile, { x, y: y + head, strip })];
    }),
  );
  const width = (lefts.at(-1) ?? 0) + (widths.at(-1) ?? 0) + GAP;
  const height = head + (tops.at(-1) ?? 0) + (heights.at(-1) ?? 0) + strip + GAP;
  const heading =
    title === undefined
      ? ''
      : textElement(title, {
          className: 'title',
          fill: INK,
          x: GAP,
          baseline: 1.9 * TITLE_SIZE,
          size: 1.3 * TITLE_SIZE,
          room: width - 2 * GAP,
        });
  const size = { height: Math.ceil(height), width: Math.ceil(width) };
  const paper = `<rect width="${size.width}" height="${size.height}" fill="#fff"/>`;
  return { ...size, elements: paper + heading + placed.join('') };
}

function placeTile(
  { drawing, title, titleColour = INK }: Tile,
  { x, y, strip }: { readonly x: number; readonly y: number; readonly strip: number },
): string {
  const { width, height, elements } = drawing;
  const size = TITLE_SIZE;
  const line =
    title === undefined
      ? ''
      : textElement(title, {
          className: 'title',
          x,
          baseline: y + size,
          size,
          room: width,
          fill: titleColour,
        });
  return (
    `${line}<svg class="tile" x="${x}" y="${y + strip}" width="${width}" height="${height}">` +
    `${elements}</svg>`
  );
}

function starts(lengths: readonly number[], gap: number): number[] {
  const result: number[] = [];
  let next = gap;
  for (const length of lengths) {
    result.push(next);
    next += length + gap;
  }
  return result;
}

/**
 * Text as SVG paths, from a font that comes with npm (Inter, SIL Open Font License). An SVG `<text>` would
 * be drawn with the machine's fonts, and a container often has none.
 */
import { readFileSync } from 'node:fs';
import opentype from 'opentype.js';

export interface Lettering {
  /** Data for the `d` attribute of an SVG path. */
  readonly path: string;
  /** Advance width in pixels. */
  readonly width: number;
}

let font: opentype.Font | undefined;

/** Sets `text` in one line with its baseline starting at (x, baseline), `size` pixels to the em. */
export function letter(
  text: string,
  { x, baseline, size }: { readonly x: number; readonly baseline: number; readonly size: number },
): Lettering {
  font ??= loadFont();
  const scale = size / font.unitsPerEm;
  let advance = 0;
  let path = '';
  let before: opentype.Glyph | undefined;
  // Glyph by glyph: opentype.js gives up on Inter's substitution tables when it sets whole strings.
  for (const character of text) {
    const glyph = font.charToGlyph(character);
    if (before) advance += font.getKerningValue(before, glyph) * scale;
    path += pathData(glyph.getPath(x + advance, baseline, size));
    advance += (glyph.advanceWidth ?? 0) * scale;
    before = glyph;
  }
  return { path, width: advance };
}

export interface TextOptions {
  readonly x: number;
  readonly baseline: number;
  /** Pixels to the em. */
  readonly size: number;
  readonly fill: string;
  /** Longer text is set smaller. @default no limit */
  readonly room?: number;
  /** The element's class in the SVG, to find it again. */
  readonly className?: string;
}

/** One line of text as an SVG element. Screen readers are told what it says, and so are tests. */
export function textElement(text: string, options: TextOptions): string {
  const { fill, room = Number.POSITIVE_INFINITY, className = 'text' } = options;
  const { width } = letter(text, options);
  const size = width > room ? (options.size * room) / width : options.size;
  const { path } = letter(text, { ...options, size });
  return `<path class="${className}" aria-label="${escaped(text)}" d="${path}" fill="${fill}"/>`;
}

/** For the value of an attribute. */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/**
 * By hand: opentype.js' own `toPathData` takes the minus as the mark between two numbers, and drops both
 * where a number rounds to -0, which cuts the text off there.
 */
function pathData({ commands }: opentype.Path): string {
  return commands
    .map((command) => {
      const { type, ...points } = command;
      const place = points as Partial<Record<'x1' | 'y1' | 'x2' | 'y2' | 'x' | 'y', number>>;
      const numbers = [place.x1, place.y1, place.x2, place.y2, place.x, place.y];
      return (
        type + numbers.flatMap((value) => (value === undefined ? [] : [round(value)])).join(' ')
      );
    })
    .join('');
}

const round = (value: number) => Math.round(value * 100) / 100;

function loadFont(): opentype.Font {
  const url = import.meta.resolve('@fontsource/inter/files/inter-latin-600-normal.woff');
  const bytes = Uint8Array.from(readFileSync(new URL(url)));
  return opentype.parse(bytes.buffer);
}

/** Looks at drawings: their pixels, and the elements of their SVG. */
import { expect } from '@jest/globals';
import sharp from 'sharp';
import { pngOf, svgOf, type Drawing } from '../../report/drawing.ts';

export interface Pixels {
  readonly info: { readonly height: number; readonly width: number };
  /** `(r, g, b)` */
  readonly at: (y: number, x: number) => number[];
}

export async function decodePng(png: Uint8Array): Promise<Pixels> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  const at = (y: number, x: number) => {
    const start = (Math.round(y) * info.width + Math.round(x)) * info.channels;
    return Array.from(data.subarray(start, start + 3));
  };
  return { info, at };
}

export const pixelsOf = async (drawing: Drawing): Promise<Pixels> =>
  decodePng(await pngOf(drawing));

/** The elements of this class, as they stand in the SVG. */
export function elementsOf(drawing: Drawing | string, className: string): string[] {
  const svg = typeof drawing === 'string' ? drawing : svgOf(drawing);
  return svg.match(new RegExp(`<[^>]*class="${className}"[^>]*>`, 'g')) ?? [];
}

/** What the texts of a drawing read. */
export function textsOf(drawing: Drawing | string): string[] {
  const svg = typeof drawing === 'string' ? drawing : svgOf(drawing);
  return [...svg.matchAll(/<path[^>]*aria-label="([^"]*)"/g)].map(([, text]) => text ?? '');
}

/** The corners of a path, `[N][x, y]`. */
export function pointsOf(element: string): number[][] {
  const path = / d="([^"]*)"/.exec(element)?.[1] ?? '';
  let [x, y] = [0, 0];
  return [...path.matchAll(/([MLHV])([-\d.]+)(?:[ ,]([-\d.]+))?/g)].map(([, type, a, b]) => {
    if (type === 'H') x = Number(a);
    else if (type === 'V') y = Number(a);
    else [x, y] = [Number(a), Number(b)];
    return [x, y];
  });
}

declare module 'expect' {
  interface Matchers<R> {
    toBeNearColour(hex: string): R;
  }
}

expect.extend({
  toBeNearColour(actual: unknown, hex: string) {
    const expected = Array.from(Buffer.from(hex.slice(1), 'hex'));
    const pixel = actual as readonly number[];
    const pass = expected.every(
      (value, channel) => Math.abs(value - (pixel[channel] ?? -999)) < 60,
    );
    return { pass, message: () => `expected ${String(pixel)} to be near ${String(expected)}` };
  },
});

/**
 * Colours that are told apart: hues at equal distances in random order (`random_colors` of
 * mrcnn/visualize.py), lightened so that blue and red show on dark lesions too.
 */
import { randomStream, shuffled } from '../maskrcnn/random.ts';

/** `count` colours as `#rrggbb`; the same seed gives the same ones. */
export function distinctColours(count: number, seed = 0): string[] {
  const hues = Array.from({ length: count }, (_, index) => index / count);
  return shuffled(hues, randomStream(seed, 'colours')).map(brightColour);
}

const LIGHTNESS = 0.62;

/** `hue` from 0 to 1, as CSS' `hsl(hue, 100 %, 62 %)`. */
function brightColour(hue: number): string {
  const chroma = Math.min(LIGHTNESS, 1 - LIGHTNESS);
  const channel = (shift: number) => {
    const at = (shift + 12 * hue) % 12;
    return LIGHTNESS - chroma * Math.max(-1, Math.min(at - 3, 9 - at, 1));
  };
  return hexColour([0, 8, 4].map((shift) => 255 * channel(shift)));
}

/** `(r, g, b)`, 0 to 255. */
function hexColour(channels: readonly number[]): string {
  return `#${channels.map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;
}

/**
 * Turns the hue and multiplies the saturation of HSV (Smith, "Color gamut transform pairs", 1978; Python's
 * `colorsys`), in floating point: between the two conversions nothing is rounded.
 */
import { rowsOf, type Region } from './region.ts';

export interface HueSaturation {
  /** Degrees, added. */
  readonly hue: number;
  /** Factor; the saturation stays within 1. */
  readonly saturation: number;
}

export function changeHueSaturation(
  region: Region,
  { hue: degrees, saturation: factor }: HueSaturation,
): void {
  const turn = (((degrees % 360) + 360) % 360) / 60;
  for (const row of rowsOf(region)) {
    for (let i = 0; i < row.length; i += 3) {
      const r = row[i] as number;
      const g = row[i + 1] as number;
      const b = row[i + 2] as number;
      const value = Math.max(r, g, b);
      const range = value - Math.min(r, g, b);
      // Grey has no hue, and no saturation to multiply.
      if (range === 0) continue;
      let hue = turn;
      if (value === r) hue += (g - b) / range;
      else if (value === g) hue += (b - r) / range + 2;
      else hue += (r - g) / range + 4;
      if (hue < 0) hue += 6;
      else if (hue >= 6) hue -= 6;
      const chroma = Math.min(range * factor, value);
      const base = value - chroma + 0.5;
      // A primary colour has all of the chroma up to a sixth of the circle from it, none beyond two sixths.
      row[i] = base + chroma * clamp(Math.abs(hue - 3) - 1);
      row[i + 1] = base + chroma * clamp(2 - Math.abs(hue - 2));
      row[i + 2] = base + chroma * clamp(2 - Math.abs(hue - 4));
    }
  }
}

const clamp = (share: number): number => (share < 0 ? 0 : share > 1 ? 1 : share);

/** Colours of skin and pigment, `[r, g, b]` in 0 to 255. */

export type Rgb = readonly [number, number, number];

/** From fair to brown. */
export const SKIN_TONES: readonly Rgb[] = [
  [236, 199, 188],
  [226, 184, 165],
  [214, 165, 143],
  [205, 158, 128],
  [178, 128, 100],
];

export const PIGMENT = {
  tan: [178, 122, 92],
  brown: [128, 80, 58],
  dark: [82, 50, 42],
  black: [48, 36, 38],
  red: [186, 104, 100],
  blueGrey: [112, 108, 122],
} as const satisfies Record<string, Rgb>;

export function mix(a: Rgb, b: Rgb, share: number): Rgb {
  const one = (i: 0 | 1 | 2) => a[i] + (b[i] - a[i]) * share;
  return [one(0), one(1), one(2)];
}

export function scaled([r, g, b]: Rgb, factor: number): Rgb {
  return [r * factor, g * factor, b * factor];
}

/** The part of an image whose colours may change: its window. Padding stays as it is. */
import type { Canvas } from './affine.ts';

export interface Region {
  /** `[height, width, 3]`, changed in place. */
  readonly pixels: Uint8Array;
  readonly canvas: Canvas;
  /** `(y1, x1, y2, x2)` in pixels, end exclusive. */
  readonly window: readonly [number, number, number, number];
}

/** The rows of the window, from the top: `[width of the window, 3]` each, views of the pixels. */
export function rowsOf({ pixels, canvas, window: [y1, x1, y2, x2] }: Region): Uint8Array[] {
  return Array.from({ length: y2 - y1 }, (_, i) => {
    const start = (y1 + i) * canvas.width;
    return pixels.subarray(3 * (start + x1), 3 * (start + x2));
  });
}

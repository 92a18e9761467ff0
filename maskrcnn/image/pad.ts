/** Zero padding of images and masks (`numpy.pad`, mode "constant"). */
import type { Box, Size } from '../shapes.ts';

/** `((top, bottom), (left, right))` in pixels. */
export type Padding = readonly [
  readonly [top: number, bottom: number],
  readonly [left: number, right: number],
];

export interface PadOptions {
  readonly size: Size;
  readonly padding: Padding;
  readonly channels: number;
}

/** What `window` leaves free in an image of `height` by `width` pixels. */
export function paddingAround([top, left, bottom, right]: Box, [height, width]: Size): Padding {
  return [
    [top, height - bottom],
    [left, width - right],
  ];
}

/** `[height, width, channels]` with zeros around it. */
export function pad(values: Uint8Array, { size, padding, channels }: PadOptions): Uint8Array {
  const [[top, bottom], [left, right]] = padding;
  const [height, width] = size;
  const padded = new Uint8Array((top + height + bottom) * (left + width + right) * channels);
  const row = width * channels;
  for (let y = 0; y < height; y++) {
    const start = ((top + y) * (left + width + right) + left) * channels;
    padded.set(values.subarray(y * row, (y + 1) * row), start);
  }
  return padded;
}

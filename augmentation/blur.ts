/** Blurs by a Gaussian. The window is blurred by itself: no padding bleeds in. */
import { smooth } from './gaussian.ts';
import { rowsOf, type Region } from './region.ts';

export function blur(region: Region, { sigma }: { readonly sigma: number }): void {
  const [y1, x1, y2, x2] = region.window;
  const [height, width] = [y2 - y1, x2 - x1];
  const values = new Float32Array(3 * height * width);
  const rows = rowsOf(region);
  rows.forEach((row, y) => values.set(row, 3 * width * y));
  smooth({ values, height, width, channels: 3 }, sigma);
  rows.forEach((row, y) => {
    const start = 3 * width * y;
    for (let i = 0; i < row.length; i++) row[i] = (values[start + i] as number) + 0.5;
  });
}

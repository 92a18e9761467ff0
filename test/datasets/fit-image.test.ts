/** Would catch: detection that sees other pixels than training did, so that scores fall for no reason. */
import { expect, it } from '@jest/globals';
import sharp from 'sharp';
import { fitImage } from '../../datasets/fit-image.ts';
import { resizedPixels } from '../../datasets/records/make-record.ts';
import { squareFit } from '../../datasets/square-fit.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { randomStream } from '../../maskrcnn/random.ts';

const config = maskRcnnConfigSchema.parse({ imageMinDim: 128, imageMaxDim: 128 });

it('fits an image to the very pixels that its record holds', async () => {
  const [height, width] = [301, 402];
  const random = randomStream(1);
  const pixels = Uint8Array.from({ length: height * width * 3 }, () => random.below(256));
  const png = await sharp(pixels, { raw: { height, width, channels: 3 } })
    .png()
    .toBuffer();

  const fitted = await fitImage({ pixels, height, width }, config);

  const fit = squareFit({ height, width }, { minDim: 128, maxDim: 128, minScale: 0 });
  const [top, left, bottom, right] = fitted.window;
  expect(fitted.window).toEqual(fit.window);
  const rows = Array.from({ length: bottom - top }, (_, y) => {
    const start = ((top + y) * 128 + left) * 3;
    return fitted.pixels.subarray(start, start + (right - left) * 3);
  });
  expect(Buffer.concat(rows).equals(Buffer.from(await resizedPixels(png, fit)))).toBe(true);
  expect(fitted.pixels.slice(0, top * 128 * 3).every((value) => value === 0)).toBe(true);
});

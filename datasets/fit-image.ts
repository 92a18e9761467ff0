/** A decoded image as the records hold it, for detection: the network sees what it was trained on. */
import sharp from 'sharp';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import type { FittedImage } from '../maskrcnn/detector.ts';
import { pad, paddingAround } from '../maskrcnn/image/pad.ts';
import type { PixelImage } from '../maskrcnn/image/resize-image.ts';
import { resizeTo } from './records/make-record.ts';
import { squareFit, squareOf } from './square-fit.ts';

/** @throws UnsupportedResizeModeError for a config that records are not made for either. */
export async function fitImage(image: PixelImage, config: MaskRcnnConfig): Promise<FittedImage> {
  const { pixels, height, width } = image;
  const square = squareOf(config);
  const fit = squareFit(image, square);
  const picture = sharp(pixels, { raw: { height, width, channels: 3 } });
  const resized = await resizeTo(fit, picture);
  const side = square.maxDim;
  const padding = paddingAround(fit.window, [side, side]);
  return {
    pixels: pad(resized, { size: [fit.height, fit.width], padding, channels: 3 }),
    height: side,
    width: side,
    window: fit.window,
  };
}

/** A decoded image as the records hold it, for detection: the network sees what it was trained on. */
import sharp from 'sharp';
import type { MaskRcnnConfig } from '../maskrcnn/config.ts';
import type { FittedImage } from '../maskrcnn/detector.ts';
import { pad, paddingAround } from '../maskrcnn/image/pad.ts';
import type { PixelImage } from '../maskrcnn/image/resize-image.ts';
import { UnsupportedResizeModeError } from './errors.ts';
import { resizeTo } from './records/make-record.ts';
import { squareFit } from './square-fit.ts';

/** @throws UnsupportedResizeModeError for a config that records are not made for either. */
export async function fitImage(image: PixelImage, config: MaskRcnnConfig): Promise<FittedImage> {
  if (config.imageResizeMode !== 'square') {
    throw new UnsupportedResizeModeError(config.imageResizeMode);
  }
  const { pixels, height, width } = image;
  const fit = squareFit(image, {
    minDim: config.imageMinDim,
    maxDim: config.imageMaxDim,
    minScale: config.imageMinScale,
  });
  const picture = sharp(pixels, { raw: { height, width, channels: 3 } });
  const resized = await resizeTo(fit, picture);
  const side = config.imageMaxDim;
  const padding = paddingAround(fit.window, [side, side]);
  return {
    pixels: pad(resized, { size: [fit.height, fit.width], padding, channels: 3 }),
    height: side,
    width: side,
    window: fit.window,
  };
}

/**
 * A picture as it is meant to be looked at: turned as the camera says, transparency on white. Training takes
 * files as stored (datasets/decode.ts); a person who sends a photo expects the mask of what the viewer shows.
 */
import type { Sharp } from 'sharp';
import { decoding } from '../datasets/decode.ts';
import type { PixelImage } from '../maskrcnn/image/resize-image.ts';

/** 8-bit sRGB. Throws `UnusableImageError`. */
export function decodeUpright(picture: Sharp): Promise<PixelImage> {
  return decoding(async () => {
    const { data, info } = await picture
      .autoOrient()
      .flatten({ background: '#fff' })
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { pixels: data, height: info.height, width: info.width };
  });
}

/** An image file as RGB: what `Dataset.load_image` of mrcnn/utils.py does with `skimage.io.imread`. */
import sharp from 'sharp';
import type { PixelImage } from '../image/resize-image.ts';
import { ImageError } from './errors.ts';

/**
 * The pixels as they are stored: grey becomes RGB, an alpha channel is left out (not blended in), neither
 * EXIF orientation nor a colour profile is applied. `name` is what messages call the image.
 *
 * @throws ImageError when the file is not there or not an image.
 */
export async function readImage(path: string, name: string): Promise<PixelImage> {
  try {
    const { data, info } = await sharp(path, { failOn: 'error', ignoreIcc: true })
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { pixels: new Uint8Array(data), height: info.height, width: info.width };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ImageError(name, `cannot read ${path} (${reason})`, { path, cause });
  }
}

/**
 * Original image and mask → training size. Differs from mrcnn/utils.py on purpose: shrinking averages areas
 * (the reference samples between four pixels and so aliases at large factors), enlarging does not darken the
 * border, and image and mask use one grid (the reference's two differ by up to half a pixel).
 */
import type { Sharp } from 'sharp';
import type { DatasetManifest } from '../../contracts/manifests.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { decodeMask, decoding, openPicture } from '../decode.ts';
import { squareFit, type SquareFit, type SquareOptions } from '../square-fit.ts';
import { encodeRecord, type EncodedRecord } from './record.ts';

/** ISIC's masks outline the lesion: class 1 of 2. */
const LESION = 1;

/** Throws `UnusableImageError` and the store's errors. */
export async function makeRecord({
  store,
  pair,
  square,
}: {
  readonly store: Pick<ObjectStore, 'get'>;
  readonly pair: DatasetManifest['pairs'][number];
  readonly square: SquareOptions;
}): Promise<EncodedRecord> {
  const { id, imageKey, maskKey, width, height } = pair;
  const fit = squareFit({ height, width }, square);
  const pixels = await resizedPixels(await store.get(imageKey), fit);
  const { mask } = await decodeMask(await store.get(maskKey));
  const resized = resizeMaskNearest(mask, { from: [height, width], to: [fit.height, fit.width] });
  const image: AnnotatedImage = {
    id,
    height: square.maxDim,
    width: square.maxDim,
    pixels,
    window: fit.window,
    originalSize: [height, width],
    scale: fit.scale,
    instances: [{ classId: LESION, mask: resized }],
  };
  return encodeRecord(image);
}

/** The decoded image at the size of its window. Throws `UnusableImageError`. */
export function resizedPixels(bytes: Uint8Array, fit: SquareFit): Promise<Uint8Array> {
  return resizeTo(fit, openPicture(bytes).removeAlpha().toColourspace('srgb'));
}

/**
 * Of libvips' kernels, `cubic` comes closest to the exact area average on ISIC's images (root mean square
 * 0.5–0.7 grey levels at factors 1.7–8, where its default Lanczos has 0.7–0.9 and `linear` up to 1.2).
 * Enlarging is bilinear, as in the reference. `fastShrinkOnLoad` is off: JPEG's own scaling would make a
 * JPEG and a PNG of the same pixels differ, and saves only 15 % of the time.
 */
export async function resizeTo(
  { scale, width, height }: SquareFit,
  picture: Sharp,
): Promise<Uint8Array> {
  const kernel = scale < 1 ? 'cubic' : 'linear';
  const resized = picture.resize(width, height, { fit: 'fill', kernel, fastShrinkOnLoad: false });
  return decoding(() => resized.raw().toBuffer());
}

/** Takes the pixel under each new pixel's centre. A mask that is not empty keeps at least one pixel. */
export function resizeMaskNearest(
  mask: Uint8Array,
  {
    from: [height, width],
    to: [newHeight, newWidth],
  }: { readonly from: readonly [number, number]; readonly to: readonly [number, number] },
): Uint8Array {
  const resized = new Uint8Array(newHeight * newWidth);
  for (let y = 0; y < newHeight; y++) {
    const row = Math.floor(((y + 0.5) * height) / newHeight) * width;
    for (let x = 0; x < newWidth; x++) {
      const column = Math.floor(((x + 0.5) * width) / newWidth);
      resized[y * newWidth + x] = mask[row + column] ?? 0;
    }
  }
  const first = mask.indexOf(1);
  if (first >= 0 && !resized.includes(1)) {
    const y = Math.floor((Math.floor(first / width) * newHeight) / height);
    const x = Math.floor(((first % width) * newWidth) / width);
    resized[y * newWidth + x] = 1;
  }
  return resized;
}

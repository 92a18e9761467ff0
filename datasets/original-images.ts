/** A pair at its own size: for evaluation and for pictures of results. */
import type { DatasetManifest } from '../contracts/manifests.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { decodeMask, decodeRgb, type RgbImage } from './decode.ts';

type Pair = DatasetManifest['pairs'][number];

/** Throws `UnusableImageError` and the store's errors. */
export async function readOriginal(
  store: Pick<ObjectStore, 'get'>,
  { imageKey }: Pick<Pair, 'imageKey'>,
): Promise<RgbImage> {
  return decodeRgb(await store.get(imageKey));
}

/** `[height * width]`, 0 and 1, row by row. Throws `UnusableImageError` and the store's errors. */
export async function readOriginalMask(
  store: Pick<ObjectStore, 'get'>,
  { maskKey }: Pick<Pair, 'maskKey'>,
): Promise<Uint8Array> {
  return (await decodeMask(await store.get(maskKey))).mask;
}

/** Image files, and masks of one instance each, as a person names them on the command line. */
import { readFile } from 'node:fs/promises';
import { decodeMask, decodeRgb } from '../../datasets/decode.ts';
import { UnusableImageError } from '../../datasets/errors.ts';
import { extractBox } from '../../maskrcnn/masks/extract-boxes.ts';
import type { RgbPicture } from '../../report/drawing.ts';
import type { DrawnInstance } from '../../report/instances.ts';
import { UsageError } from '../failures.ts';

/** @throws UsageError */
export const readPicture = (path: string): Promise<RgbPicture> => reading(path, decodeRgb);

/** `mask` is a path, or `CLASS=path` for a class other than 1. @throws UsageError */
export async function readTruth(mask: string, image: RgbPicture): Promise<DrawnInstance> {
  const [, id, path = mask] = /^(\d+)=(.+)$/s.exec(mask) ?? [];
  const decoded = await reading(path, decodeMask);
  const { height, width } = decoded;
  if (height !== image.height || width !== image.width) {
    throw new UsageError(
      `The mask ${path} is ${String(width)} x ${String(height)}, the image ` +
        `${String(image.width)} x ${String(image.height)}. Give the mask at the image's own size.`,
      { path },
    );
  }
  const box = extractBox(decoded.mask, [height, width]);
  return { mask: decoded.mask, box, classId: Number(id ?? 1) };
}

async function reading<T>(path: string, decode: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  try {
    return await decode(await readFile(path));
  } catch (error) {
    const isForeseen =
      error instanceof UnusableImageError || (error as { code?: string }).code === 'ENOENT';
    if (!isForeseen) throw error;
    const reason = error instanceof UnusableImageError ? error.detail : 'there is no such file';
    throw new UsageError(`${path} cannot be used: ${reason}.`, { path });
  }
}

/**
 * The pictures that all contestants work on: dermoscopic ones with the outline of their lesion, from ISIC 2018's
 * archives where they are at hand, else invented ones. Written as raw bytes at each size that is measured.
 */
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import sharp from 'sharp';
import { openPromise } from 'yauzl';
import { drawPicture, type SyntheticPicture } from '../datasets/synthetic/draw-picture.ts';
import { randomStream } from '../maskrcnn/index.ts';
import { BenchError } from './errors.ts';
import type { PictureFiles } from './protocol.ts';

export interface PictureSource {
  /** For people. */
  readonly description: string;
  readonly pictures: readonly SyntheticPicture[];
}

const IMAGES = 'ISIC2018_Task1-2_Training_Input';
const MASKS = 'ISIC2018_Task1_Training_GroundTruth';
const SYNTHETIC_SIDE = 1024;

/** `count` pictures: the first of the archives in `folder`, or drawn ones where it holds none. */
export async function findPictures(folder: string, count: number): Promise<PictureSource> {
  const [images, masks] = [IMAGES, MASKS].map((name) => join(folder, `${name}.zip`));
  if (images === undefined || masks === undefined || !existsSync(images) || !existsSync(masks)) {
    return { description: 'synthetic dermoscopy-like pictures', pictures: await drawn(count) };
  }
  const jpegs = await entriesOf(images, (name) => name.endsWith('.jpg'), count);
  const ids = [...jpegs.keys()];
  const pngs = await entriesOf(masks, (name) => ids.includes(name), count);
  const pictures = ids.map((id) => {
    const [jpeg, png] = [jpegs.get(id), pngs.get(id)];
    if (jpeg !== undefined && png !== undefined) return { jpeg, png };
    throw new BenchError(`${masks} has no mask of ${id}: give whole archives, or none`);
  });
  return { description: `${ids.join(', ')} of ISIC 2018, resized`, pictures };
}

/** Writes the pictures at `size` by `size` into `folder`. */
export function writePictures(
  { pictures }: PictureSource,
  { folder, size }: { readonly folder: string; readonly size: number },
): Promise<PictureFiles[]> {
  return Promise.all(
    pictures.map(async ({ jpeg, png }, index) => {
      const place = join(folder, String(size));
      await mkdir(place, { recursive: true });
      const files = {
        rgb: join(place, `${String(index)}.rgb`),
        mask: join(place, `${String(index)}.mask`),
      };
      const image = sharp(jpeg).removeAlpha().toColourspace('srgb');
      await writeFile(files.rgb, await image.resize(size, size, { fit: 'fill' }).raw().toBuffer());
      const outline = sharp(png).toColourspace('b-w').threshold(128, { grayscale: true });
      const nearest = outline.resize(size, size, { fit: 'fill', kernel: 'nearest' });
      const mask = await nearest.raw().toBuffer();
      await writeFile(
        files.mask,
        mask.map((value) => (value === 0 ? 0 : 1)),
      );
      return files;
    }),
  );
}

function drawn(count: number): Promise<SyntheticPicture[]> {
  const size = { width: SYNTHETIC_SIDE, height: SYNTHETIC_SIDE };
  return Promise.all(
    Array.from({ length: count }, (_, index) => drawPicture(size, randomStream(1, 'bench', index))),
  );
}

/** The first `count` files whose id (or file name, for `.jpg`) is wanted, by id. */
async function entriesOf(
  path: string,
  wanted: (name: string) => boolean,
  count: number,
): Promise<Map<string, Buffer>> {
  const zip = await openPromise(path);
  const found = new Map<string, Buffer>();
  for await (const entry of zip.eachEntry()) {
    const name = entry.fileName.split('/').at(-1) ?? '';
    const [id = ''] = /ISIC_\d+/.exec(name) ?? [];
    if (id === '' || !(wanted(name) || wanted(id))) continue;
    found.set(id, await buffer(await zip.openReadStreamPromise(entry)));
    if (found.size === count) break;
  }
  zip.close();
  return found;
}

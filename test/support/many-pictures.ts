/**
 * Two zips in ISIC's layout with as many pairs as one likes, quickly: each picture is the same tiny JPEG with a
 * comment of its own, so that no two are the very same file.
 */
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import sharp from 'sharp';
import { ZipFile } from 'yazl';
import type { ArchivePaths } from '../../datasets/synthetic-archive.ts';

const SIDE = 32;

export async function writeManyPictures({
  folder,
  count,
}: {
  readonly folder: string;
  readonly count: number;
}): Promise<ArchivePaths> {
  const background = '#a66';
  const rgb = { create: { width: SIDE, height: SIDE, channels: 3 as const, background } };
  const jpeg = await sharp(rgb).jpeg().toBuffer();
  // The upper half is the lesion.
  const pixels = Buffer.alloc(SIDE * SIDE).fill(255, 0, (SIDE * SIDE) / 2);
  const grey = { width: SIDE, height: SIDE, channels: 1 as const };
  const mask = await sharp(pixels, { raw: grey }).toColourspace('b-w').png().toBuffer();
  const names = Array.from({ length: count }, (_, i) => `ISIC_${String(9_000_000 + i)}`);
  const images = names.map((name) => [`${name}.jpg`, withComment(jpeg, name)] as const);
  const masks = names.map((name) => [`${name}_segmentation.png`, mask] as const);
  const paths = { images: join(folder, 'images.zip'), masks: join(folder, 'masks.zip') };
  await writeZip(paths.images, images);
  await writeZip(paths.masks, masks);
  return paths;
}

/** A comment segment after the first marker (ITU T.81, B.2.4.5). */
function withComment(jpeg: Buffer, text: string): Buffer {
  const comment = Buffer.from(text);
  const head = Buffer.from([0xff, 0xfe, 0, comment.length + 2]);
  return Buffer.concat([jpeg.subarray(0, 2), head, comment, jpeg.subarray(2)]);
}

async function writeZip(
  path: string,
  files: readonly (readonly [string, Buffer])[],
): Promise<void> {
  const zip = new ZipFile();
  for (const [name, contents] of files) zip.addBuffer(contents, name, { compress: false });
  zip.end();
  await pipeline(zip.outputStream, createWriteStream(path));
}

/**
 * Two zips of invented dermoscopy-like pictures in ISIC's layout, so that the pipeline can be tried without the
 * real data. Each says in a README that it is synthetic; ids start at 9,000,000, where ISIC has none.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pMapIterable } from 'p-map';
import { ZipFile } from 'yazl';
import { randomStream } from '../maskrcnn/random.ts';
import { drawPicture, type SyntheticPicture } from './synthetic/draw-picture.ts';

export interface SyntheticArchivesOptions {
  /** Made when it is missing. */
  readonly folder: string;
  readonly count: number;
  /** The pictures' longer side, in pixels; the shorter one varies. */
  readonly size: number;
  readonly seed: number;
}

export interface ArchivePaths {
  readonly images: string;
  readonly masks: string;
}

const FIRST_ID = 9_000_000;
/** Width to height, as the cameras of ISIC have them. */
const ASPECTS = [4 / 3, 4 / 3, 3 / 2, 1.5, 1, 1.25];
const IMAGES = 'ISIC2018_Task1-2_Training_Input';
const MASKS = 'ISIC2018_Task1_Training_GroundTruth';
const README = `SYNTHETIC DATA

The pictures in this archive were drawn by a program (LesionFlow, datasets/synthetic-archive.ts) to try the
pipeline with. They are not photographs and show no real lesions; models trained on them are of no medical
use. Folder and file names follow the ISIC 2018 challenge so that real archives can take their place.
`;

/** Equal options give equal bytes (on one version of libvips). Files appear whole. */
export async function writeSyntheticArchives(
  options: SyntheticArchivesOptions,
): Promise<ArchivePaths> {
  const { folder, count } = options;
  await mkdir(folder, { recursive: true });
  const paths = { images: join(folder, `${IMAGES}.zip`), masks: join(folder, `${MASKS}.zip`) };
  const images = new Archive(`${paths.images}.part`, IMAGES);
  const masks = new Archive(`${paths.masks}.part`, MASKS);
  const drawn = pMapIterable(
    Array.from({ length: count }, (_, index) => index),
    (index) => drawSynthetic(index, options),
    { concurrency: 2 },
  );
  let index = 0;
  for await (const { jpeg, png } of drawn) {
    const id = `ISIC_${String(FIRST_ID + index++)}`;
    images.add(`${id}.jpg`, jpeg);
    masks.add(`${id}_segmentation.png`, png);
  }
  await Promise.all([images.finish(), masks.finish()]);
  await rename(`${paths.images}.part`, paths.images);
  await rename(`${paths.masks}.part`, paths.masks);
  return paths;
}

function drawSynthetic(
  index: number,
  { size, seed }: SyntheticArchivesOptions,
): Promise<SyntheticPicture> {
  const random = randomStream(seed, 'synthetic', index);
  const aspect = ASPECTS[random.below(ASPECTS.length)] ?? 1;
  return drawPicture({ width: size, height: Math.round(size / aspect) }, random);
}

/** A zip that is written while it is filled. */
class Archive {
  readonly #zip = new ZipFile();
  readonly #folder: string;
  readonly #written: Promise<void>;

  constructor(path: string, folder: string) {
    this.#folder = folder;
    this.#written = pipeline(this.#zip.outputStream, createWriteStream(path));
    // It is awaited in `finish`; a full disk must not end the process before.
    this.#written.catch(() => undefined);
    this.add('README.txt', Buffer.from(README), true);
  }

  add(name: string, contents: Buffer, compress = false): void {
    // A fixed time: equal pictures give equal archives.
    const options = {
      mtime: new Date(2026, 0, 1),
      forceDosTimestamp: true,
      mode: 0o100644,
      compress,
    };
    this.#zip.addBuffer(contents, `${this.#folder}/${name}`, options);
  }

  async finish(): Promise<void> {
    this.#zip.end();
    await this.#written;
  }
}

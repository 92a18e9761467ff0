/** Pictures for a page: small, and few enough that a page stays below a few megabytes. */
import sharp from 'sharp';
import {
  rawManifestSchema,
  type DatasetManifest,
  type EvaluationManifest,
  type RawManifest,
} from '../../contracts/manifests.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import { openPicture } from '../../datasets/decode.ts';
import { readDocument } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { Picture } from './facts.ts';

const OVERLAY = { most: 24, side: 520, quality: 72 } as const;
const THUMBNAIL = { most: 12, side: 200, quality: 70 } as const;
/** Larger objects are no pictures that a page needs. */
const MOST_BYTES = 32 * 1024 * 1024;

/** The overlays that were stored with the evaluation, in their order. */
export async function overlayPictures(
  store: ObjectStore,
  { overlays }: EvaluationManifest,
): Promise<Picture[]> {
  const some = overlays.filter(({ bytes }) => bytes <= MOST_BYTES).slice(0, OVERLAY.most);
  const pictures: Picture[] = [];
  for (const { key } of some) {
    const id = key.slice(key.lastIndexOf('/') + 1).replace(/\.png$/, '');
    pictures.push(await shrunk(await store.get(key), { id, ...OVERLAY }));
  }
  return pictures;
}

/** Images of the first pairs that were set aside, where there is an image and it can be drawn. */
export async function quarantinedPictures(
  store: ObjectStore,
  { name, archives, quarantined }: DatasetManifest,
): Promise<Picture[]> {
  if (quarantined.length === 0) return [];
  const folder = storeKeys.rawFolder(name, archives.images);
  const { entries } = await readDocument(store, `${folder}/manifest.json`, rawManifestSchema);
  const byId = new Map(entries.map((entry) => [idOf(entry), entry]));
  const pictures: Picture[] = [];
  for (const { id } of quarantined.slice(0, THUMBNAIL.most)) {
    const entry = byId.get(id);
    if (entry === undefined || entry.bytes > MOST_BYTES) continue;
    // A damaged picture may be the very reason why the pair was set aside.
    const picture = await shrunk(await store.get(entry.key), { id, ...THUMBNAIL }).catch(
      () => undefined,
    );
    if (picture !== undefined) pictures.push(picture);
  }
  return pictures;
}

function idOf({ path }: RawManifest['entries'][number]): string {
  return path.slice(path.lastIndexOf('/') + 1).replace(/\.[^.]*$/, '');
}

interface ShrinkOptions {
  readonly id: string;
  /** Of the longer side, in pixels. */
  readonly side: number;
  readonly quality: number;
}

async function shrunk(bytes: Uint8Array, { id, side, quality }: ShrinkOptions): Promise<Picture> {
  const small = await openPicture(bytes)
    .resize(side, side, { fit: 'inside', withoutEnlargement: true })
    .webp({ quality })
    .toBuffer();
  const { width, height } = await sharp(small).metadata();
  return { id, width, height, source: `data:image/webp;base64,${small.toString('base64')}` };
}

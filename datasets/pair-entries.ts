/**
 * ISIC's names → pairs: `ISIC_0000000.jpg` with `ISIC_0000000_segmentation.png`, in whatever folder. What has
 * no partner, or more than one file for an id, is told apart by a reason.
 */
import type { RawManifest } from '../contracts/manifests.ts';

type Entry = RawManifest['entries'][number];

export interface EntryPair {
  readonly id: string;
  readonly image: Entry;
  readonly mask: Entry;
}

export interface Quarantined {
  readonly id: string;
  readonly reason: string;
  readonly detail: string;
}

export interface Pairing {
  /** By rising id. */
  readonly pairs: readonly EntryPair[];
  readonly quarantined: readonly Quarantined[];
}

const MASK_NAME = /^(.+)_segmentation\.png$/i;
/** ISIC 2016 and 2017 also ship super-pixels beside the images. */
const IMAGE_NAME = /^(?!.*_(?:superpixels|segmentation)\.)(.+)\.(?:jpe?g|png)$/i;

/** Entries with other names are passed over. */
export function pairEntries(images: readonly Entry[], masks: readonly Entry[]): Pairing {
  const imagesById = byId(images, IMAGE_NAME);
  const masksById = byId(masks, MASK_NAME);
  const pairs: EntryPair[] = [];
  const quarantined: Quarantined[] = [];
  for (const id of [...new Set([...imagesById.keys(), ...masksById.keys()])].sort()) {
    const [image, ...moreImages] = imagesById.get(id) ?? [];
    const [mask, ...moreMasks] = masksById.get(id) ?? [];
    const doubles = [
      ...(moreImages.length > 0 ? [image, ...moreImages] : []),
      ...(moreMasks.length > 0 ? [mask, ...moreMasks] : []),
    ];
    if (doubles.length > 0) {
      const detail = doubles.map((entry) => entry?.path).join(', ');
      quarantined.push({ id, reason: 'duplicate-id', detail });
    } else if (image === undefined) {
      quarantined.push({ id, reason: 'missing-image', detail: `only ${mask?.path ?? ''}` });
    } else if (mask === undefined) {
      quarantined.push({ id, reason: 'missing-mask', detail: `only ${image.path}` });
    } else {
      pairs.push({ id, image, mask });
    }
  }
  return withoutTwins({ pairs, quarantined });
}

/**
 * The same picture under two ids could land in training and in validation, and would then be scored on what
 * was learnt by heart. The first id is kept.
 */
function withoutTwins({ pairs, quarantined }: Pairing): Pairing {
  const firsts = new Map<string, string>();
  const kept: EntryPair[] = [];
  const twins: Quarantined[] = [];
  for (const pair of pairs) {
    const contents = `${String(pair.image.crc32)}-${String(pair.image.bytes)}`;
    const first = firsts.get(contents);
    if (first === undefined) {
      firsts.set(contents, pair.id);
      kept.push(pair);
    } else {
      const detail = `${pair.image.path} is the very image of ${first}`;
      twins.push({ id: pair.id, reason: 'duplicate-image', detail });
    }
  }
  return { pairs: kept, quarantined: [...quarantined, ...twins] };
}

function byId(entries: readonly Entry[], name: RegExp): Map<string, Entry[]> {
  const found = new Map<string, Entry[]>();
  for (const entry of entries) {
    const id = name.exec(entry.path.slice(entry.path.lastIndexOf('/') + 1))?.[1];
    if (id !== undefined) found.set(id, [...(found.get(id) ?? []), entry]);
  }
  return found;
}

/** What was found, drawn: near-duplicates that the split has parted, and pictures that are out of the ordinary. */
import pMap from 'p-map';
import { decodeMask, decoding, openPicture } from '../../datasets/decode.ts';
import { UnusableImageError } from '../../datasets/errors.ts';
import type { Finding } from '../../datasets/fingerprint/finding.ts';
import { HASH_BITS } from '../../datasets/fingerprint/perceptual-hash.ts';
import { leaks, type DuplicatePair } from '../../datasets/fingerprint/split-leak.ts';
import type { EntryPair } from '../../datasets/pair-entries.ts';
import { resizeMaskNearest } from '../../datasets/records/make-record.ts';
import {
  drawThumbnailPairs,
  drawThumbnailRows,
  type NamedThumbnail,
  type Thumbnail,
} from '../../report/thumbnails.ts';
import type { OpenedPairs } from './open-pairs.ts';
import type { PictureWriter } from './write-pictures.ts';

export interface FindingSources {
  readonly store: OpenedPairs['store'];
  readonly pairs: readonly EntryPair[];
  readonly writer: PictureWriter;
}

/** More are in `data.json`: a person looks at some and then knows. */
const MOST_PAIRS = 24;
const PICTURES_A_ROW = 6;
const THUMBNAIL = 240;
const PARALLEL = 2;
const ACT = '#b3261e';

/** Writes `split-leak` when there is one. */
export async function drawSplitLeak(
  duplicates: readonly DuplicatePair[],
  sources: FindingSources,
): Promise<void> {
  const leaking = duplicates.filter(leaks);
  if (leaking.length === 0) return;
  const pairs = await pMap(
    leaking.slice(0, MOST_PAIRS),
    async ({ ids: [a, b], parts, bits, isTurned }) => {
      const pictures = await Promise.all([
        named({ id: a, caption: parts[0] }, sources),
        named({ id: b, caption: parts[1] }, sources),
      ]);
      const alike = Math.round(100 * (1 - bits / HASH_BITS));
      const title = `${String(alike)} % alike${isTurned ? ', turned or mirrored' : ''}`;
      return { title, pictures };
    },
    { concurrency: PARALLEL },
  );
  const more = leaking.length > pairs.length ? `, the ${String(MOST_PAIRS)} most alike` : '';
  const title =
    `${String(leaking.length)} ${leaking.length === 1 ? 'lesion' : 'lesions'} that would be learnt from one ` +
    `picture and scored on the other${more}`;
  await sources.writer.picture('split-leak', await drawThumbnailPairs(pairs, title));
}

/** Writes `unusual` when something is: a row for each finding about single pictures. */
export async function drawFindings(
  findings: readonly Finding[],
  sources: FindingSources,
): Promise<void> {
  const rows = await pMap(
    findings.filter(({ kind }) => kind !== 'split-leak' && kind !== 'near-duplicates'),
    async ({ title, level, pictures }) => {
      const known = pictures.filter(({ id }) => sources.pairs.some((pair) => pair.id === id));
      const first = known.slice(0, PICTURES_A_ROW);
      return {
        title,
        ...(level === 'act' && { titleColour: ACT }),
        pictures: await Promise.all(first.map((picture) => named(picture, sources))),
      };
    },
    { concurrency: PARALLEL },
  );
  const drawn = rows.filter(({ pictures }) => pictures.length > 0);
  if (drawn.length === 0) return;
  const title = 'Out of the ordinary: the most striking of each kind';
  await sources.writer.picture('unusual', await drawThumbnailRows(drawn, title));
}

async function named(
  { id, caption }: Pick<NamedThumbnail, 'id' | 'caption'>,
  { store, pairs }: FindingSources,
): Promise<NamedThumbnail> {
  const pair = pairs.find((one) => one.id === id);
  const thumbnail = pair === undefined ? NOTHING : await thumbnailOf(store, pair);
  return { id, caption, ...thumbnail };
}

const NOTHING: Thumbnail = {
  image: { pixels: new Uint8Array(3), height: 1, width: 1 },
};

/** What does not decode is shown as black, or without its outline. */
async function thumbnailOf(
  store: OpenedPairs['store'],
  { image, mask }: EntryPair,
): Promise<Thumbnail> {
  const picture = await unlessUnusable(async () => small(await store.get(image.key)));
  if (picture === undefined) return NOTHING;
  const truth = await unlessUnusable(async () => decodeMask(await store.get(mask.key)));
  const to = [picture.height, picture.width] as const;
  return {
    image: picture,
    mask: truth && resizeMaskNearest(truth.mask, { from: [truth.height, truth.width], to }),
  };
}

function small(bytes: Uint8Array) {
  const picture = openPicture(bytes)
    .removeAlpha()
    .toColourspace('srgb')
    .resize(THUMBNAIL, THUMBNAIL, { fit: 'inside' });
  return decoding(async () => {
    const { data, info } = await picture.raw().toBuffer({ resolveWithObject: true });
    return { pixels: new Uint8Array(data), height: info.height, width: info.width };
  });
}

async function unlessUnusable<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof UnusableImageError) return undefined;
    throw error;
  }
}

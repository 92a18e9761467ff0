/** Two archives or folders, opened and paired: images with their masks. */
import { pairEntries, type EntryPair, type Quarantined } from '../../datasets/pair-entries.ts';
import { printable } from '../../datasets/sources/archive-stream.ts';
import { randomStream, shuffled } from '../../maskrcnn/random.ts';
import { UsageError } from '../failures.ts';
import { openPictures, type PictureSource } from './picture-source.ts';

export interface OpenPairsOptions {
  /** Paths of zips or folders, or URLs of zips. */
  readonly images: string;
  readonly masks: string;
}

export interface OpenedPairs extends AsyncDisposable {
  readonly pairs: readonly EntryPair[];
  /** What has no partner, or a twin. */
  readonly quarantined: readonly Quarantined[];
  readonly store: { get(key: string): Promise<Uint8Array<ArrayBuffer>> };
}

/** @throws UsageError when there is no pair, and what is wrong with an address or a zip. */
export async function openPairs(options: OpenPairsOptions): Promise<OpenedPairs> {
  const images = await openPictures(options.images, '--images');
  const opened: PictureSource[] = [images];
  const close = async () => {
    await Promise.all(opened.map((source) => source[Symbol.asyncDispose]()));
  };
  try {
    const masks = await openPictures(options.masks, '--masks');
    opened.push(masks);
    const sources = { images, masks };
    const { pairs, quarantined } = pairEntries(
      keyed('images', images.entries),
      keyed('masks', masks.entries),
    );
    if (pairs.length === 0) throw noPairs(options, sources);
    const store = { get: (key: string) => read(key, sources) };
    return { pairs, quarantined, store, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** So many pairs, drawn by the seed, in the order of the archive; all when there are no more. */
export function samplePairs<Pair>(
  pairs: readonly Pair[],
  { count, seed }: { readonly count: number; readonly seed: number },
): Pair[] {
  const drawn = new Set(shuffled(pairs, randomStream(seed, 'inspect')).slice(0, count));
  return pairs.filter((pair) => drawn.has(pair));
}

interface Sources {
  readonly images: PictureSource;
  readonly masks: PictureSource;
}

/** Both sources may hold a file of the same name. */
const keyed = (role: keyof Sources, entries: PictureSource['entries']) =>
  entries.map((entry) => ({ ...entry, key: `${role}:${entry.key}` }));

function read(key: string, sources: Sources): Promise<Uint8Array<ArrayBuffer>> {
  const colon = key.indexOf(':');
  return sources[key.slice(0, colon) as keyof Sources].get(key.slice(colon + 1));
}

function noPairs(given: OpenPairsOptions, found: Sources): UsageError {
  // A signed address does not belong on a screen.
  const shown = (place: string) => (/^https?:/.test(place) ? printable(place) : place);
  const [images, masks] = [shown(given.images), shown(given.masks)];
  const example = (source: PictureSource) =>
    source.entries[0] === undefined ? 'none' : `e.g. ${source.entries[0].path}`;
  return new UsageError(
    `No image has a mask: ${images} holds ${String(found.images.entries.length)} pictures ` +
      `(${example(found.images)}), ${masks} ${String(found.masks.entries.length)} ` +
      `(${example(found.masks)}). Names must pair as NAME.jpg and NAME_segmentation.png.`,
    { images, masks },
  );
}

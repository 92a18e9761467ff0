/** Pairs of a data set as the model would see them: inspected, and at training size. */
import pMap from 'p-map';
import { decodeRecord } from '../../datasets/records/record.ts';
import { makeRecord } from '../../datasets/records/make-record.ts';
import { inspectPair } from '../../datasets/inspect-dataset.ts';
import { pairEntries, type Quarantined } from '../../datasets/pair-entries.ts';
import { squareOf } from '../../datasets/square-fit.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { randomStream, shuffled } from '../../maskrcnn/random.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import { UsageError } from '../failures.ts';
import { openPictures, type PictureSource } from './picture-source.ts';

export interface SamplesOptions {
  /** Paths of zips or folders. */
  readonly images: string;
  readonly masks: string;
  readonly config: MaskRcnnConfig;
  /** Pairs that are read, drawn by the seed; all when there are no more. */
  readonly count: number;
  readonly seed: number;
  /** Called for each usable pair, in no order. */
  readonly onSample: (sample: AnnotatedImage, place: number) => void;
}

export interface Found {
  /** Pairs of an image and its mask, by name alone. */
  readonly pairs: number;
  /** Pairs that were read. */
  readonly read: number;
  /** What has no partner, a twin, or was read and cannot be used. */
  readonly quarantined: readonly Quarantined[];
}

const PARALLEL_PAIRS = 2;

/** @throws UsageError when there is no pair, or none that can be used. */
export async function readSamples(options: SamplesOptions): Promise<Found> {
  const { config, count, seed, onSample } = options;
  await using images = await openPictures(options.images, '--images');
  await using masks = await openPictures(options.masks, '--masks');
  const sources = { images, masks };
  const { pairs, quarantined } = pairEntries(
    keyed('images', images.entries),
    keyed('masks', masks.entries),
  );
  if (pairs.length === 0) throw noPairs(options, sources);
  const store = { get: (key: string) => read(key, sources) };
  const chosen = shuffled(pairs, randomStream(seed, 'inspect')).slice(0, count);
  const square = squareOf(config);
  const outcomes = await pMap(
    chosen,
    async (pair, place) => {
      const inspected = await inspectPair(store, pair);
      if ('reason' in inspected) return inspected;
      const { header, data } = await makeRecord({ store, pair: inspected, square });
      const sample = await decodeRecord(header, ({ offset, bytes }) =>
        Promise.resolve(data.subarray(offset, offset + bytes)),
      );
      onSample(sample, place);
      return null;
    },
    { concurrency: PARALLEL_PAIRS },
  );
  const failed = outcomes.filter((outcome) => outcome !== null);
  if (failed.length === chosen.length) throw noneUsable(failed);
  return { pairs: pairs.length, read: chosen.length, quarantined: [...quarantined, ...failed] };
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

function noPairs({ images, masks }: SamplesOptions, found: Sources): UsageError {
  const example = (source: PictureSource) =>
    source.entries[0] === undefined ? 'none' : `e.g. ${source.entries[0].path}`;
  return new UsageError(
    `No image has a mask: ${images} holds ${String(found.images.entries.length)} pictures ` +
      `(${example(found.images)}), ${masks} ${String(found.masks.entries.length)} ` +
      `(${example(found.masks)}). Names must pair as NAME.jpg and NAME_segmentation.png.`,
    { images, masks },
  );
}

function noneUsable(failed: readonly Quarantined[]): UsageError {
  const some = failed.slice(0, 3).map(({ id, reason, detail }) => `${id}: ${reason} (${detail})`);
  return new UsageError(
    `None of the ${String(failed.length)} pairs that were read can be used: ${some.join('; ')}.`,
    { failed: failed.length },
  );
}

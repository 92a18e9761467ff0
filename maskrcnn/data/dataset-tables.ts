/** The numbers that `prepare` gives to the classes and images of a data set, and where to look them up. */
import { DatasetError } from './errors.ts';

/** Where a class or an image comes from, and what it is called there. */
interface Sourced {
  /** Name of the data set that it comes from, without a dot. */
  readonly source: string;
}

export interface ClassInfo extends Sourced {
  /** Its number in the source. */
  readonly id: number;
  readonly name: string;
}

export interface SourcedImage extends Sourced {
  /** Its name in the source. */
  readonly id: string | number;
  /** File that `loadImage` reads, unless it is overridden. */
  readonly path: string;
}

export interface Tables {
  /** From `source.id` to class id. */
  readonly classes: ReadonlyMap<string, number>;
  /** From `source.id` to image id. */
  readonly images: ReadonlyMap<string, number>;
  readonly classIdsOfSources: ReadonlyMap<string, readonly number[]>;
}

/** @throws DatasetError for an image that was added twice. */
export function tablesOf(classes: readonly ClassInfo[], images: readonly SourcedImage[]): Tables {
  const sources = [...new Set(classes.map(({ source }) => source))];
  const imageIds = numbered(images);
  if (imageIds.size < images.length) {
    const twice = images.find((image, index) => imageIds.get(keyOf(image)) !== index);
    throw new DatasetError(
      `the image ${twice === undefined ? '' : keyOf(twice)} was added twice; give every image of a source ` +
        `an id of its own`,
    );
  }
  return {
    classes: numbered(classes),
    images: imageIds,
    classIdsOfSources: new Map(
      sources.map((source) => {
        const ids = classes.flatMap((info, id) => (id === 0 || info.source === source ? [id] : []));
        return [source, ids];
      }),
    ),
  };
}

/** `source.id` */
export const keyOf = ({ source, id }: { readonly source: string; readonly id: string | number }) =>
  `${source}.${String(id)}`;

const numbered = (items: readonly { readonly source: string; readonly id: string | number }[]) =>
  new Map(items.map((item, index) => [keyOf(item), index]));

/** @throws DatasetError that says which there are. */
export function found(ids: ReadonlyMap<string, number>, key: string, what: string): number {
  const id = ids.get(key);
  if (id !== undefined) return id;
  throw new DatasetError(
    `there is no ${what} "${key}" (source, dot, id); there are ${listed([...ids.keys()])}`,
    { key },
  );
}

/** The first few, quoted. */
export function listed(names: readonly string[]): string {
  const some = names.slice(0, 5).map((name) => `"${name}"`);
  return `${some.join(', ')}${names.length > 5 ? `, … (${String(names.length)} in all)` : ''}`;
}

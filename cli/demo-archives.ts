/** The demo's two archives: the user's own, or synthetic ones served over http as a data set's host would. */
import { createHash } from 'node:crypto';
import { relative } from 'node:path';
import { writeSyntheticArchives } from '../datasets/synthetic-archive.ts';
import { startFileServer } from '../infra/servers/file-server.ts';
import { UsageError } from './failures.ts';
import { archiveUrl } from './request.ts';

export interface DemoArchives extends AsyncDisposable {
  /** Name of the data set, and of the model that learns from it: other data is another model. */
  readonly name: string;
  readonly images: string;
  readonly masks: string;
}

/** Enough for a few validation images, and quick to fetch, check and pack. */
const SYNTHETIC = { count: 80, size: 192, seed: 7 } as const;

/** `folder` takes the synthetic archives. Throws `UsageError` when only one archive is given. */
export async function demoArchives(
  given: { readonly images?: string | undefined; readonly masks?: string | undefined },
  folder: string,
): Promise<DemoArchives> {
  if ((given.images === undefined) !== (given.masks === undefined)) {
    throw new UsageError('Give both --images and --masks, or neither for synthetic pictures.');
  }
  if (given.images !== undefined && given.masks !== undefined) {
    const images = archiveUrl(given.images);
    const masks = archiveUrl(given.masks);
    const mark = createHash('sha256').update(`${images}\n${masks}`).digest('hex').slice(0, 8);
    return { name: `demo-${mark}`, images, masks, [Symbol.asyncDispose]: () => Promise.resolve() };
  }
  const { images, masks } = await writeSyntheticArchives({ folder, ...SYNTHETIC });
  const server = await startFileServer({ folder });
  const url = (path: string) => `${server.url}/${relative(folder, path)}`;
  return {
    name: 'demo-synthetic',
    images: url(images),
    masks: url(masks),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

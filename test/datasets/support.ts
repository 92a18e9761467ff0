/** The steps up to a data set, for tests of the later ones. */
import type { DatasetRef } from '../../contracts/references.ts';
import { inspectDataset } from '../../datasets/inspect-dataset.ts';
import { unpackArchive } from '../../datasets/unpack-archive.ts';
import { sha256 } from '../../storage/documents.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { zipOf, type Member } from './zips.ts';

export async function rawOf(store: ObjectStore, dataset: string, zip: Buffer) {
  const hash = sha256(zip);
  const key = `archives/${hash}.zip`;
  await store.put(key, zip);
  return unpackArchive({ store, dataset, archive: { key, bytes: zip.length, sha256: hash } });
}

export async function datasetOf(
  store: ObjectStore,
  {
    dataset,
    images,
    masks,
    maxQuarantinedShare = 1,
  }: {
    readonly dataset: string;
    readonly images: readonly Member[];
    readonly masks: readonly Member[];
    readonly maxQuarantinedShare?: number;
  },
): Promise<DatasetRef> {
  return inspectDataset({
    store,
    dataset,
    images: await rawOf(store, dataset, zipOf(images)),
    masks: await rawOf(store, dataset, zipOf(masks)),
    maxQuarantinedShare,
  });
}

/** The demo's pictures: they must pass as ISIC's, and must say that they are not. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import sharp from 'sharp';
import { datasetManifestSchema, rawManifestSchema } from '../../contracts/manifests.ts';
import { fetchArchive } from '../../datasets/fetch-archive.ts';
import { inspectDataset } from '../../datasets/inspect-dataset.ts';
import { writeSyntheticArchives, type ArchivePaths } from '../../datasets/synthetic-archive.ts';
import { unpackArchive } from '../../datasets/unpack-archive.ts';
import { readDocument, readNamedDocument } from '../../storage/documents.ts';
import { withTestStore } from '../support/servers.ts';

const server = withTestStore();
const options = { count: 8, size: 96, seed: 5 };
let folder: string;
let paths: ArchivePaths;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'lesionflow-synthetic-'));
  paths = await writeSyntheticArchives({ ...options, folder });
});
afterAll(() => rm(folder, { recursive: true }));

test('synthetic archives go through fetch, unpack and inspection without a loss', async () => {
  const { store } = server();
  const unpacked = async (role: 'images' | 'masks') => {
    const source = { url: pathToFileURL(paths[role]).href };
    const archive = await fetchArchive({ store, dataset: 'synthetic', role, source });
    return unpackArchive({ store, dataset: 'synthetic', archive });
  };
  const images = await unpacked('images');
  const reference = await inspectDataset({
    store,
    dataset: 'synthetic',
    images,
    masks: await unpacked('masks'),
    maxQuarantinedShare: 0,
  });
  expect(reference).toMatchObject({ pairs: 8, quarantined: 0 });
  const { pairs } = await readNamedDocument(
    store,
    { key: reference.manifestKey, hash: reference.hash },
    datasetManifestSchema,
  );
  expect(pairs[0]?.id).toBe('ISIC_9000000');
  expect(new Set(pairs.map(({ height }) => height)).size).toBeGreaterThan(1);
  const shares = pairs.map(({ lesionShare }) => lesionShare);
  expect(Math.min(...shares)).toBeGreaterThan(0.005);
  expect(Math.max(...shares)).toBeLessThan(0.7);

  const { entries } = await readDocument(store, images.manifestKey, rawManifestSchema);
  expect(entries[0]?.path).toBe('ISIC2018_Task1-2_Training_Input/ISIC_9000000.jpg');
  const { exif } = await sharp(await store.get(entries[0]?.key ?? '')).metadata();
  expect(exif?.toString('latin1')).toContain('Synthetic');
});

test('equal options give equal bytes, another seed others', async () => {
  const again = await writeSyntheticArchives({ ...options, folder: join(folder, 'again') });
  const other = await writeSyntheticArchives({
    ...options,
    folder: join(folder, 'other'),
    seed: 6,
  });
  for (const role of ['images', 'masks'] as const) {
    const bytes = await readFile(paths[role]);
    expect((await readFile(again[role])).equals(bytes)).toBe(true);
    expect((await readFile(other[role])).equals(bytes)).toBe(false);
    expect(bytes.includes('ISIC2018_Task1')).toBe(true);
  }
});

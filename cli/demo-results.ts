/** What a finished run leaves in the store, brought to a folder where it can be looked at. */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  datasetManifestSchema,
  evaluationManifestSchema,
  splitManifestSchema,
} from '../contracts/manifests.ts';
import type { EvaluationRef } from '../contracts/references.ts';
import { readDocument } from '../storage/documents.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { downloadFile } from '../storage/stored-files.ts';

export interface DemoResults {
  /** Paths of the overlay pictures. */
  readonly overlays: readonly string[];
  /** Path of one validation image as it came in the archive. */
  readonly picture: string | undefined;
}

export async function downloadResults(
  store: ObjectStore,
  evaluation: EvaluationRef,
  folder: string,
): Promise<DemoResults> {
  const manifest = await readDocument(store, evaluation.key, evaluationManifestSchema);
  const overlays: string[] = [];
  for (const file of manifest.overlays) {
    const path = join(folder, 'overlays', basename(file.key));
    await downloadFile(store, file, path);
    overlays.push(path);
  }

  const split = await readDocument(store, manifest.split.key, splitManifestSchema);
  const dataset = await readDocument(store, split.dataset.manifestKey, datasetManifestSchema);
  const pair = dataset.pairs.find(({ id }) => id === split.validation[0]);
  if (pair === undefined) return { overlays, picture: undefined };
  await mkdir(folder, { recursive: true });
  const picture = join(folder, basename(pair.imageKey));
  await writeFile(picture, await store.get(pair.imageKey));
  return { overlays, picture };
}

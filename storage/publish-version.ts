/**
 * Publishes a model version so that it exists once, however many attempts try, stop, sleep and wake.
 *
 * An attempt claims a number by creating `versions/<n>/claim.json` (If-None-Match: one wins). The claim names the
 * publication, so a later attempt of the same one takes the same number. Files go to a folder of the attempt's
 * own; then the manifest, which says whose files count, is created. The first manifest wins, the others return it:
 * an attempt that wakes after its successor has finished changes nothing that anybody sees.
 */
import { readdir } from 'node:fs/promises';
import { join, relative } from 'node:path';
import pMap from 'p-map';
import {
  modelVersionManifestSchema,
  versionClaimSchema,
  type Lineage,
  type ModelVersionManifest,
  type StoredFile,
} from '../contracts/manifests.ts';
import type { Scores, VersionRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { canonicalJson, findDocument, sha256, writeOnce } from './documents.ts';
import { claimedNumbers, versionManifestKey } from './model-registry.ts';
import type { ObjectStore } from './object-store.ts';
import { uploadFile } from './stored-files.ts';
import { sweepUploads } from './sweep-uploads.ts';

export interface VersionToPublish {
  readonly model: string;
  /** Unique to this try. */
  readonly attempt: string;
  readonly config: ModelVersionManifest['config'];
  readonly classNames: readonly string[];
  readonly scores: Scores;
  readonly lineage: Lineage;
  /** A Keras `.h5` file. */
  readonly weightsPath: string;
  /** The folder of a SavedModel. */
  readonly savedModelFolder: string;
  /** Markdown; the number is known only when it is claimed. */
  readonly modelCard: (version: number) => string;
}

const PARALLEL_READS = 8;

/**
 * Publishes a version under the next free number. Asked again for the same run, checkpoint and evaluation (an
 * activity that was retried), it finishes what the earlier attempt began, or answers with what is there.
 */
export async function publishVersion(
  store: ObjectStore,
  toPublish: VersionToPublish,
): Promise<VersionRef> {
  const { model, lineage } = toPublish;
  const version = await claimNumber(store, model, publicationOf(lineage));
  const manifestKey = versionManifestKey(model, version);
  const reference = (hash: string): VersionRef => ({ model, version, manifestKey, hash });
  const earlier = await findDocument(store, manifestKey, modelVersionManifestSchema);
  if (earlier !== undefined) return reference(earlier.hash);

  const ours = await uploadVersion(store, toPublish, version);
  const written = { key: manifestKey, value: ours, schema: modelVersionManifestSchema };
  const { value: first, hash } = await writeOnce(store, written);
  if (first.weights.key !== ours.weights.key) {
    for (const { key } of filesOf(ours)) await store.delete(key);
  }
  // The version is whole: whoever still uploads to it is a dead attempt, or one that comes too late.
  const prefix = `${storeKeys.versionFolder(model, version)}/`;
  await sweepUploads(store, { prefix, isDead: () => true });
  return reference(hash);
}

/** The files that a version is made of. */
export function filesOf({ weights, savedModel, modelCard }: ModelVersionManifest): StoredFile[] {
  return [weights, ...savedModel, modelCard];
}

/** What makes two attempts attempts of one publication. */
function publicationOf({ runId, checkpoint, evaluation }: Lineage): string {
  return sha256(canonicalJson({ runId, checkpoint: checkpoint.hash, evaluation: evaluation.hash }));
}

/**
 * The number of this publication: the one that an earlier attempt claimed, else the next free one. Numbers are
 * claimed from the highest on, so one that walks upwards meets its own publication's claim before a free number.
 */
async function claimNumber(
  store: ObjectStore,
  model: string,
  publication: string,
): Promise<number> {
  const key = (version: number) => `${storeKeys.versionFolder(model, version)}/claim.json`;
  const claimed = await claimedNumbers(store, model);
  const claims = await pMap(
    claimed,
    async (version) => (await findDocument(store, key(version), versionClaimSchema))?.value,
    { concurrency: PARALLEL_READS },
  );
  const earlier = claims.find((claim) => claim?.publication === publication);
  if (earlier !== undefined) return earlier.version;
  for (let version = (claimed.at(-1) ?? 0) + 1; ; version++) {
    const { value } = await writeOnce(store, {
      key: key(version),
      value: { kind: 'claim' as const, model, version, publication },
      schema: versionClaimSchema,
    });
    if (value.publication === publication) return version;
  }
}

/** Uploads the files and says what the manifest would be. */
async function uploadVersion(
  store: ObjectStore,
  toPublish: VersionToPublish,
  version: number,
): Promise<ModelVersionManifest> {
  const { model, attempt, config, classNames, scores, lineage } = toPublish;
  const folder = storeKeys.versionFilesFolder(model, version, attempt);
  const savedModel: StoredFile[] = [];
  for (const path of await filesBelow(toPublish.savedModelFolder)) {
    const from = join(toPublish.savedModelFolder, path);
    savedModel.push(await uploadFile(store, `${folder}/saved_model/${path}`, from));
  }
  const card = Buffer.from(toPublish.modelCard(version));
  const cardKey = `${folder}/model-card.md`;
  await store.put(cardKey, card, { contentType: 'text/markdown; charset=utf-8' });
  return {
    kind: 'model-version',
    model,
    version,
    createdAt: new Date().toISOString(),
    config,
    classNames: [...classNames],
    scores,
    lineage,
    weights: await uploadFile(store, `${folder}/weights.h5`, toPublish.weightsPath),
    savedModel,
    modelCard: { key: cardKey, bytes: card.length, sha256: sha256(card) },
  };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

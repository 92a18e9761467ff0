/**
 * The model registry: immutable, numbered versions and movable aliases, in the object store alone.
 *
 * A publisher first claims the next free number by creating `versions/<n>/claim.json` (If-None-Match: one
 * wins), then uploads the files, then the manifest. A version exists when its manifest does: one that was
 * cut off in between is never seen, and its number is not used again. Aliases are the only objects that
 * change, and only by compare-and-swap.
 */
import { readdir } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import {
  aliasSchema,
  modelVersionManifestSchema,
  type Alias,
  type Lineage,
  type ModelVersionManifest,
  type StoredFile,
} from '../contracts/manifests.ts';
import type { Scores, VersionRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { decideAlias } from './alias-gate.ts';
import {
  canonicalJson,
  readDocument,
  readNamedDocument,
  sha256,
  writeDocument,
} from './documents.ts';
import { PreconditionFailedError } from './errors.ts';
import type { ObjectStore } from './object-store.ts';
import { UnknownVersionError } from './registry-errors.ts';
import { downloadFile, uploadFile } from './stored-files.ts';

export interface VersionToPublish {
  readonly model: string;
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

export interface ResolvedVersion {
  readonly ref: VersionRef;
  readonly manifest: ModelVersionManifest;
}

export interface DownloadedVersion {
  readonly weightsPath: string;
  readonly savedModelFolder: string;
}

/**
 * Publishes a version under the next free number. Asked again for the same run, checkpoint and
 * evaluation (an activity that was retried), it answers with the version that is there.
 */
export async function publishVersion(
  store: ObjectStore,
  toPublish: VersionToPublish,
): Promise<VersionRef> {
  const { model, config, classNames, scores, lineage } = toPublish;
  const numbers = await takenNumbers(store, model);
  const earlier = await findPublished(store, model, numbers.complete, lineage);
  if (earlier !== undefined) return earlier.ref;

  const version = await claimNumber(store, model, (numbers.claimed.at(-1) ?? 0) + 1);
  const folder = storeKeys.versionFolder(model, version);
  const savedModel: StoredFile[] = [];
  for (const path of await filesBelow(toPublish.savedModelFolder)) {
    const from = join(toPublish.savedModelFolder, path);
    savedModel.push(await uploadFile(store, `${folder}/saved_model/${path}`, from));
  }
  const card = Buffer.from(toPublish.modelCard(version));
  const cardKey = `${folder}/model-card.md`;
  await store.put(cardKey, card, { contentType: 'text/markdown; charset=utf-8' });
  const manifest: ModelVersionManifest = {
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
  const written = await writeDocument(store, manifestKey(model, version), manifest);
  return { model, version, manifestKey: written.key, hash: written.hash };
}

/** What the alias names, or `undefined` when there is no such alias. */
export async function readAlias(
  store: ObjectStore,
  model: string,
  alias: string,
): Promise<Alias | undefined> {
  return (await aliasState(store, model, alias)).alias;
}

/**
 * Lets `alias` name the version if the gate (`decideAlias`) lets it pass. Of several at once each is
 * compared with the one before it: compare-and-swap, decided again after each lost swap.
 */
export async function moveAlias(
  store: ObjectStore,
  manifest: ModelVersionManifest,
  alias: string,
): Promise<{ name: string; moved: boolean; reason: string }> {
  const { model, version, scores } = manifest;
  const splitHash = manifest.lineage.split.hash;
  for (;;) {
    const state = await aliasState(store, model, alias);
    if (state.alias?.version === version) {
      return { name: alias, moved: true, reason: `version ${version} holds it` };
    }
    const { moves, reason } = decideAlias(state.alias, { version, splitHash, scores });
    if (!moves) return { name: alias, moved: false, reason };
    const updatedAt = new Date().toISOString();
    const next: Alias = { model, alias, version, splitHash, scores, updatedAt };
    try {
      await writeDocument(store, storeKeys.alias(model, alias), next, state.condition);
      return { name: alias, moved: true, reason };
    } catch (error) {
      if (!(error instanceof PreconditionFailedError)) throw error;
    }
  }
}

/** The version with that number, or that the alias names. Throws `UnknownVersionError`. */
export async function resolveVersion(
  store: ObjectStore,
  model: string,
  versionOrAlias: number | string,
): Promise<ResolvedVersion> {
  const version = /^\d+$/.test(String(versionOrAlias))
    ? Number(versionOrAlias)
    : (await readAlias(store, model, String(versionOrAlias)))?.version;
  const { complete } = await takenNumbers(store, model);
  if (version === undefined || !complete.includes(version)) {
    throw new UnknownVersionError({ model, asked: versionOrAlias, existing: complete });
  }
  return readVersion(store, model, version);
}

/**
 * Brings a version's weights and SavedModel to a folder of its own below `cacheFolder`; files that are
 * there already are verified and kept. Throws `ObjectNotFoundError` and `HashMismatchError`.
 */
export async function downloadVersion(
  store: ObjectStore,
  { ref, manifest }: ResolvedVersion,
  cacheFolder: string,
): Promise<DownloadedVersion> {
  const name = `${String(ref.version)}-${ref.hash.slice(0, 16)}`;
  const folder = join(cacheFolder, 'models', ref.model, name);
  const prefix = `${storeKeys.versionFolder(ref.model, ref.version)}/`;
  for (const file of [manifest.weights, ...manifest.savedModel]) {
    await downloadFile(store, file, join(folder, file.key.slice(prefix.length)));
  }
  return {
    weightsPath: join(folder, basename(manifest.weights.key)),
    savedModelFolder: join(folder, 'saved_model'),
  };
}

function manifestKey(model: string, version: number): string {
  return `${storeKeys.versionFolder(model, version)}/manifest.json`;
}

async function readVersion(
  store: ObjectStore,
  model: string,
  version: number,
): Promise<ResolvedVersion> {
  const key = manifestKey(model, version);
  const hash = sha256(await store.get(key));
  const manifest = await readNamedDocument(store, { key, hash }, modelVersionManifestSchema);
  return { ref: { model, version, manifestKey: key, hash }, manifest };
}

/** Rising numbers: claimed by somebody, and complete (with a manifest). */
async function takenNumbers(store: ObjectStore, model: string) {
  const claimed = new Set<number>();
  const complete: number[] = [];
  const prefix = `${storeKeys.versionsFolder(model)}/`;
  for await (const { key } of store.list(prefix)) {
    const [number = '', file] = key.slice(prefix.length).split('/');
    claimed.add(Number(number));
    if (file === 'manifest.json') complete.push(Number(number));
  }
  const rising = (a: number, b: number) => a - b;
  return { claimed: [...claimed].sort(rising), complete: complete.sort(rising) };
}

async function claimNumber(store: ObjectStore, model: string, first: number): Promise<number> {
  for (let version = first; ; version++) {
    const key = `${storeKeys.versionFolder(model, version)}/claim.json`;
    try {
      await writeDocument(store, key, { kind: 'claim', model, version }, { ifNoneMatch: '*' });
      return version;
    } catch (error) {
      if (!(error instanceof PreconditionFailedError)) throw error;
    }
  }
}

/** A retry comes soon after what it repeats, so the newest versions are looked at first. */
async function findPublished(
  store: ObjectStore,
  model: string,
  numbers: readonly number[],
  lineage: Lineage,
): Promise<ResolvedVersion | undefined> {
  const identity = ({ runId, checkpoint, evaluation }: Lineage) =>
    canonicalJson({ runId, checkpoint: checkpoint.hash, evaluation: evaluation.hash });
  for (const version of numbers.toReversed()) {
    const found = await readVersion(store, model, version);
    if (identity(found.manifest.lineage) === identity(lineage)) return found;
  }
  return undefined;
}

/**
 * The facts come before the contents: when somebody writes in between, the condition is the older one and
 * the swap fails.
 */
async function aliasState(store: ObjectStore, model: string, alias: string) {
  const key = storeKeys.alias(model, alias);
  const info = await store.head(key);
  if (info === undefined) return { alias: undefined, condition: { ifNoneMatch: '*' } } as const;
  return {
    alias: await readDocument(store, key, aliasSchema),
    condition: { ifMatch: info.etag },
  } as const;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/**
 * The model registry: immutable, numbered versions and movable aliases, in the object store alone. Here is how
 * they are read; `list-models.ts` lists them; `publish-version.ts`, `move-alias.ts` and `set-alias.ts` write them.
 *
 * A version exists when its manifest does: one that was cut off before is never seen. Aliases are the only objects
 * that change, and only by compare-and-swap.
 */
import { join, posix } from 'node:path';
import {
  aliasSchema,
  modelVersionManifestSchema,
  type Alias,
  type ModelVersionManifest,
} from '../contracts/manifests.ts';
import type { VersionRef } from '../contracts/references.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { readDocument, readNamedDocument, sha256 } from './documents.ts';
import type { ObjectStore } from './object-store.ts';
import { UnknownVersionError } from './registry-errors.ts';
import { downloadFile } from './stored-files.ts';

export interface ResolvedVersion {
  readonly ref: VersionRef;
  readonly manifest: ModelVersionManifest;
}

export interface DownloadedVersion {
  readonly weightsPath: string;
  readonly savedModelFolder: string;
}

/** What the alias names, or `undefined` when there is no such alias. */
export async function readAlias(
  store: ObjectStore,
  model: string,
  alias: string,
): Promise<Alias | undefined> {
  return (await aliasState(store, model, alias)).alias;
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
  const existing = await publishedNumbers(store, model);
  if (version === undefined || !existing.includes(version)) {
    throw new UnknownVersionError({ model, asked: versionOrAlias, existing });
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
  const { weights, savedModel } = manifest;
  // Which folder of the version that is, is known from the manifest alone.
  const filesFolder = posix.dirname(weights.key);
  for (const file of [weights, ...savedModel]) {
    await downloadFile(store, file, join(folder, posix.relative(filesFolder, file.key)));
  }
  return {
    weightsPath: join(folder, posix.basename(weights.key)),
    savedModelFolder: join(folder, 'saved_model'),
  };
}

export function versionManifestKey(model: string, version: number): string {
  return `${storeKeys.versionFolder(model, version)}/manifest.json`;
}

/** A version that is known to be there. Throws `ObjectNotFoundError` and `InvalidDocumentError`. */
export async function readVersion(
  store: ObjectStore,
  model: string,
  version: number,
): Promise<ResolvedVersion> {
  const key = versionManifestKey(model, version);
  const hash = sha256(await store.get(key));
  const manifest = await readNamedDocument(store, { key, hash }, modelVersionManifestSchema);
  return { ref: { model, version, manifestKey: key, hash }, manifest };
}

/** Of versions that somebody publishes or has published, rising. */
export function claimedNumbers(store: ObjectStore, model: string): Promise<number[]> {
  return numbersBelow(store, model, () => true);
}

/** Of versions that are whole, rising. */
function publishedNumbers(store: ObjectStore, model: string): Promise<number[]> {
  return numbersBelow(store, model, (file) => file === 'manifest.json');
}

async function numbersBelow(
  store: ObjectStore,
  model: string,
  counts: (file: string | undefined) => boolean,
): Promise<number[]> {
  const numbers = new Set<number>();
  const prefix = `${storeKeys.versionsFolder(model)}/`;
  for await (const { key } of store.list(prefix)) {
    const [number = '', file] = key.slice(prefix.length).split('/');
    if (/^\d+$/.test(number) && counts(file)) numbers.add(Number(number));
  }
  return [...numbers].sort((a, b) => a - b);
}

/**
 * The alias and the condition under which it may be replaced. The facts come before the contents: when somebody
 * writes in between, the condition is the older one and the swap fails.
 */
export async function aliasState(store: ObjectStore, model: string, alias: string) {
  const key = storeKeys.alias(model, alias);
  const info = await store.head(key);
  if (info === undefined) return { alias: undefined, condition: { ifNoneMatch: '*' } } as const;
  return {
    alias: await readDocument(store, key, aliasSchema),
    condition: { ifMatch: info.etag },
  } as const;
}

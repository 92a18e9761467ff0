/**
 * Whom a version is compared with: who held the alias before it, if it took the alias; else who holds it. Before there
 * is a version, the holder is what it will have to beat.
 */
import { evaluationManifestSchema } from '../../contracts/manifests.ts';
import { readNamedDocument } from '../../storage/documents.ts';
import { ObjectNotFoundError } from '../../storage/errors.ts';
import { readAlias, resolveVersion } from '../../storage/model-registry.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import type { Rival } from './facts.ts';

export interface RivalOptions {
  readonly model: string;
  readonly alias: string;
  /** The run's own version, once there is one. */
  readonly version: number | undefined;
  /** Hash of the split that the run is scored on; `undefined` while there is none. */
  readonly splitHash: string | undefined;
}

export interface Rivalry {
  /** The version that the alias names now. */
  readonly holder: number | undefined;
  readonly rival: Rival | undefined;
}

/** Throws `UnknownVersionError` where the alias names a version that is gone. */
export async function findRival(store: ObjectStore, options: RivalOptions): Promise<Rivalry> {
  const { model, alias, version, splitHash } = options;
  const state = await readAlias(store, model, alias);
  if (state === undefined) return { holder: undefined, rival: undefined };
  const { movedTo } = state;
  const place = version === undefined ? -1 : movedTo.indexOf(version);
  const other = place === -1 ? state.version : movedTo[place + 1];
  if (other === undefined || other === version) return { holder: state.version, rival: undefined };
  const { manifest } = await resolveVersion(store, model, other);
  const isSameSplit = manifest.lineage.split.hash === splitHash;
  const images = isSameSplit ? await imagesOf(store, manifest.lineage.evaluation) : [];
  return { holder: state.version, rival: { version: manifest, isSameSplit, images } };
}

/** Its run's folder may be gone; the means are in the version itself. */
async function imagesOf(
  store: ObjectStore,
  evaluation: { readonly key: string; readonly hash: string },
): Promise<Rival['images']> {
  try {
    return (await readNamedDocument(store, evaluation, evaluationManifestSchema)).images;
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return [];
    throw error;
  }
}

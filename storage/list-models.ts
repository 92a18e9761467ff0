/** What there is in the model registry: which models, which of their versions are whole, and which aliases. */
import type { Alias } from '../contracts/manifests.ts';
import { aliasSchema } from '../contracts/manifests.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { findDocument } from './documents.ts';
import type { ObjectStore } from './object-store.ts';

export interface ListedModel {
  readonly model: string;
  /** Numbers of versions that are whole, rising. */
  readonly versions: readonly number[];
  /** By name. */
  readonly aliases: readonly Alias[];
}

/** All models by name, or the one that is asked for. */
export async function listModels(store: ObjectStore, only?: string): Promise<ListedModel[]> {
  const versions = new Map<string, number[]>();
  const aliases = new Map<string, string[]>();
  for await (const { key } of store.list(only === undefined ? 'models/' : `models/${only}/`)) {
    const [, model = '', number] =
      /^models\/([^/]+)\/versions\/(\d+)\/manifest\.json$/.exec(key) ?? [];
    if (number !== undefined) versions.set(model, [...(versions.get(model) ?? []), Number(number)]);
    const [, owner = '', alias] = /^models\/([^/]+)\/aliases\/([^/]+)\.json$/.exec(key) ?? [];
    if (alias !== undefined) aliases.set(owner, [...(aliases.get(owner) ?? []), alias]);
  }
  const names = [...new Set([...versions.keys(), ...aliases.keys()])].sort();
  return Promise.all(
    names.map(async (model) => ({
      model,
      versions: (versions.get(model) ?? []).sort((a, b) => a - b),
      aliases: await readAliases(store, model, aliases.get(model) ?? []),
    })),
  );
}

async function readAliases(
  store: ObjectStore,
  model: string,
  names: readonly string[],
): Promise<Alias[]> {
  const found = await Promise.all(
    names.map((name) => findDocument(store, storeKeys.alias(model, name), aliasSchema)),
  );
  return found.flatMap((document) => document?.value ?? []);
}

/** The alias and the gate before it: what it would say of a version, and the move itself, at most once a version. */
import type { DataActivities } from '../contracts/activities.ts';
import { modelVersionManifestSchema } from '../contracts/manifests.ts';
import type { VersionRef } from '../contracts/references.ts';
import { readNamedDocument } from '../storage/documents.ts';
import { moveAlias, weighVersion } from '../storage/move-alias.ts';
import type { ObjectStore } from '../storage/object-store.ts';
import { runActivity } from './run-activity.ts';

export const weighVersionActivity =
  (store: ObjectStore): DataActivities['weighVersion'] =>
  ({ version, ...rules }) =>
    runActivity(async () => weighVersion(store, await manifestOf(store, version), rules));

export const moveAliasActivity =
  (store: ObjectStore): DataActivities['moveAlias'] =>
  ({ version, ...rules }) =>
    runActivity(async () => moveAlias(store, await manifestOf(store, version), rules));

const manifestOf = (store: ObjectStore, { manifestKey: key, hash }: VersionRef) =>
  readNamedDocument(store, { key, hash }, modelVersionManifestSchema);

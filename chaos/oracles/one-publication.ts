/** However often its attempts died: a run publishes one version, and the alias names it with its own scores. */
import { aliasSchema, modelVersionManifestSchema } from '../../contracts/manifests.ts';
import type { PipelineResult } from '../../contracts/progress.ts';
import { storeKeys } from '../../contracts/store-keys.ts';
import type { StoreIndex } from './store-index.ts';
import { violations, type Violation } from './violation.ts';

export interface Publication {
  readonly model: string;
  readonly alias: string;
  readonly result: PipelineResult;
}

/** Of a model of the run's own, so that its first version must be the alias'. */
export function onePublication(
  index: StoreIndex,
  { model, alias, result }: Publication,
): Violation[] {
  const wrong: string[] = [];
  const manifests = [...index].flatMap(([key, { text }]) => {
    if (!key.startsWith(`${storeKeys.versionsFolder(model)}/`) || text === undefined) return [];
    const parsed = modelVersionManifestSchema.safeParse(JSON.parse(text));
    return parsed.success ? [parsed.data] : [];
  });
  const own = manifests.filter(({ lineage }) => lineage.runId === result.runId);
  if (own.length !== 1) {
    const numbers = own.map(({ version }) => version).join(', ');
    wrong.push(`${own.length} published versions (${numbers}), not 1`);
  }
  const [version] = own;
  if (version !== undefined && version.version !== result.version.version) {
    wrong.push(`version ${version.version} is there, and ${result.version.version} was reported`);
  }
  const text = index.get(storeKeys.alias(model, alias))?.text;
  const held = aliasSchema.safeParse(text === undefined ? undefined : JSON.parse(text));
  if (!held.success) {
    wrong.push(`the alias ${alias} is not there`);
  } else if (version !== undefined) {
    if (held.data.version !== version.version) {
      wrong.push(`the alias ${alias} names version ${held.data.version}, not ${version.version}`);
    }
    if (JSON.stringify(held.data.scores) !== JSON.stringify(version.scores)) {
      wrong.push(`the alias ${alias} holds other scores than its version`);
    }
  }
  return violations('one publication', wrong);
}

/**
 * Moves an alias to a version, by compare-and-swap, at most once for each version that is published.
 *
 * An attempt may sleep between reading the alias and swapping it. Its swap then fails, and deciding anew is right as
 * long as nobody has decided for this version: afterwards the alias may have gone on to a newer version, or a
 * person may have taken it back. So what was decided is kept beside the version, and the alias itself lists the
 * versions that it was moved to, in the very write that moves it: no crash falls between the two.
 */
import { aliasMoveSchema, type Alias, type ModelVersionManifest } from '../contracts/manifests.ts';
import type { AliasAnswer } from '../contracts/progress.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { decideAlias, type AliasDecision, type GateRules } from './alias-gate.ts';
import { findDocument, writeDocument, writeOnce } from './documents.ts';
import { PreconditionFailedError } from './errors.ts';
import { aliasState, readAlias } from './model-registry.ts';
import type { ObjectStore } from './object-store.ts';

export interface MoveOptions extends GateRules {
  readonly alias: string;
}

export interface AliasTurn {
  readonly alias: string;
  /** The person who decided; `null` where the gate did alone. */
  readonly by: string | null;
  readonly reason: string;
}

/** Versions and turns that an alias remembers; attempts that wake are of the latest. */
const REMEMBERED = 50;

/**
 * Lets `alias` name the version if the gate (`decideAlias`) lets it pass. Of several versions at once each is
 * compared with the one before it. Asked again for the same version, it answers as before.
 */
export async function moveAlias(
  store: ObjectStore,
  manifest: ModelVersionManifest,
  { alias, ...rules }: MoveOptions,
): Promise<AliasAnswer> {
  const { model, version } = manifest;
  const key = storeKeys.aliasMove(model, version, alias);
  const decided = async ({ moved, reason, by }: Omit<AliasAnswer, 'name'>) => {
    const value = { kind: 'alias-move' as const, name: alias, moved, reason, by };
    return answerOf((await writeOnce(store, { key, value, schema: aliasMoveSchema })).value);
  };
  const by = rules.verdict?.by ?? null;
  for (;;) {
    // In this order: whoever decides after the second line has swapped, or has seen the very same alias.
    const state = await aliasState(store, model, alias);
    const earlier = await findDocument(store, key, aliasMoveSchema);
    if (earlier !== undefined) return answerOf(earlier.value);

    const { movedTo = [] } = state.alias ?? {};
    if (movedTo.includes(version)) {
      const turn = state.alias?.history.findLast((past) => past.version === version);
      const reason = turn?.reason ?? `version ${version} took it when it was published`;
      return decided({ moved: true, reason, by: turn?.by ?? null });
    }
    const { moves, reason } = decideAlias(state.alias, candidateOf(manifest), rules);
    if (!moves) return decided({ moved: false, reason, by });
    const turned = turnTo(state.alias, manifest, { alias, by, reason });
    const next: Alias = { ...turned, movedTo: [version, ...movedTo].slice(0, REMEMBERED) };
    try {
      await writeDocument(store, storeKeys.alias(model, alias), next, state.condition);
    } catch (error) {
      if (error instanceof PreconditionFailedError) continue;
      throw error;
    }
    return decided({ moved: true, reason, by });
  }
}

/** What the gate would say of a version now, before any person is asked. */
export async function weighVersion(
  store: ObjectStore,
  manifest: ModelVersionManifest,
  { alias, gate }: Omit<MoveOptions, 'verdict'>,
): Promise<AliasDecision> {
  const holder = await readAlias(store, manifest.model, alias);
  return decideAlias(holder, candidateOf(manifest), { gate, verdict: null });
}

/** The alias as it is when it names the version from now on. */
export function turnTo(
  before: Alias | undefined,
  { model, version, scores, lineage }: ModelVersionManifest,
  { alias, by, reason }: AliasTurn,
): Alias {
  const at = new Date().toISOString();
  return {
    ...{ model, alias, version, scores, splitHash: lineage.split.hash, updatedAt: at },
    movedTo: before?.movedTo ?? [],
    history: [{ version, at, by, reason }, ...turnsOf(before)].slice(0, REMEMBERED),
  };
}

/** A document of older code kept no turns; the version that it names is then all that is known. */
function turnsOf(before: Alias | undefined): Alias['history'] {
  if (before === undefined || before.history.length > 0) return before?.history ?? [];
  const { version, updatedAt: at } = before;
  return [{ version, at, by: null, reason: 'before turns were kept' }];
}

const candidateOf = ({ version, scores, lineage }: ModelVersionManifest) => ({
  version,
  scores,
  splitHash: lineage.split.hash,
});

const answerOf = ({ name, moved, reason, by }: AliasAnswer): AliasAnswer => ({
  name,
  moved,
  reason,
  by,
});

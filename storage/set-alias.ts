/** An alias that a person moves: a promotion past the gate, or the way back to an earlier version. */
import type { Alias, ModelVersionManifest } from '../contracts/manifests.ts';
import { storeKeys } from '../contracts/store-keys.ts';
import { writeDocument } from './documents.ts';
import { PreconditionFailedError } from './errors.ts';
import { aliasState } from './model-registry.ts';
import { turnTo, type AliasTurn } from './move-alias.ts';
import type { ObjectStore } from './object-store.ts';
import { AliasMovedError } from './registry-errors.ts';

export interface PersonsTurn extends AliasTurn {
  readonly by: string;
  /** The version that the alias named when the person decided; `undefined` when there was no alias. */
  readonly from: number | undefined;
}

/**
 * Lets the alias name the version, whatever the gate would say; who did it and why is kept in the alias, before what was
 * (`history`). By compare-and-swap: throws `AliasMovedError`, and changes nothing, when it names another version by
 * now than the person saw. What publishing has moved stays remembered, so that no attempt that wakes late moves the
 * alias back.
 */
export async function setAlias(
  store: ObjectStore,
  manifest: ModelVersionManifest,
  turn: PersonsTurn,
): Promise<Alias> {
  const { model } = manifest;
  for (;;) {
    const { alias: before, condition } = await aliasState(store, model, turn.alias);
    if (before?.version !== turn.from) {
      throw new AliasMovedError({
        model,
        alias: turn.alias,
        from: turn.from,
        now: before?.version,
      });
    }
    const next = turnTo(before, manifest, turn);
    try {
      await writeDocument(store, storeKeys.alias(model, turn.alias), next, condition);
      return next;
    } catch (error) {
      if (!(error instanceof PreconditionFailedError)) throw error;
    }
  }
}

/** The version that held the alias before the present one; `undefined` when none did. */
export function holderBefore({ version, history, movedTo }: Alias): number | undefined {
  // A document of older code has no history, but lists what publishing moved it to.
  const holders = [...history.map((turn) => turn.version), ...movedTo];
  return holders.find((holder) => holder !== version);
}

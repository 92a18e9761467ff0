/** What `models promote` and `models rollback` share: the move itself, and what is said of it. */
import type { Command } from 'commander';
import type { Alias } from '../../contracts/manifests.ts';
import type { ResolvedVersion } from '../../storage/model-registry.ts';
import type { ObjectStore } from '../../storage/object-store.ts';
import { setAlias } from '../../storage/set-alias.ts';
import { addJsonOption, printResult, type JsonFlag } from '../output.ts';
import { thisUser } from '../words.ts';

export interface MoveFlags extends JsonFlag {
  readonly alias: string;
  readonly by?: string;
  readonly reason?: string;
}

export const addMoveOptions = (command: Command): Command =>
  addJsonOption(
    command
      .option('--alias <name>', 'the alias to move', 'champion')
      .option('--reason <text>', 'why; kept beside the alias')
      .option('--by <name>', 'who decides; kept beside the alias (default: your user name)'),
    'what it named before and names now',
  );

export interface MoveByHand {
  /** The alias as it was when this was decided. */
  readonly before: Alias | undefined;
  readonly to: ResolvedVersion;
  /** For the alias' history, where the person gives no reason. */
  readonly words: string;
}

/** Moves the alias and says so. Throws `AliasMovedError`. */
export async function moveByHand(
  store: ObjectStore,
  { before, to, words }: MoveByHand,
  flags: MoveFlags,
): Promise<void> {
  const { alias, by = thisUser(), reason = words } = flags;
  const { model, version } = to.ref;
  const from = before?.version;
  const isThere = from === version;
  if (!isThere) await setAlias(store, to.manifest, { alias, by, reason, from });
  const value = { model, alias, before: from ?? null, version, moved: !isThere, by, reason };
  printResult(flags, value, () =>
    isThere
      ? [`${alias} names ${model} version ${String(version)} already.`]
      : [
          `${alias} names ${model} version ${String(version)} now; ${from === undefined ? 'there was no such alias before' : `before it named version ${String(from)}`}.`,
          comparison(before, to),
        ],
  );
}

function comparison(before: Alias | undefined, { manifest }: ResolvedVersion): string {
  const ours = manifest.scores.thresholdJaccard.toFixed(4);
  if (before === undefined) return `Its threshold Jaccard is ${ours}.`;
  const theirs = before.scores.thresholdJaccard.toFixed(4);
  return before.splitHash === manifest.lineage.split.hash
    ? `Its threshold Jaccard is ${ours}, that of the one before ${theirs}, on the same split.`
    : 'They were scored on different splits, so their scores do not compare.';
}

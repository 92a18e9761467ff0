/** `lesionflow models rollback [MODEL]`: lets an alias name the version again that held it before. */
import type { Command } from 'commander';
import { openStore } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { UsageError } from '../../failures.ts';
import { aliasName, defaultModel } from '../../model-name.ts';
import { addMoveOptions, moveByHand, type MoveFlags } from '../../models/move-by-hand.ts';
import { readAlias, resolveVersion } from '../../../storage/model-registry.ts';
import { holderBefore } from '../../../storage/set-alias.ts';

const NOTES = `
Which version that is, is in the alias' own history. A second rollback takes the first one back; for any other version
use "models promote".`;

export function addRollbackCommand(models: Command): void {
  const command = models
    .command('rollback')
    .description('let an alias name the version again that held it before')
    .argument('[model]', 'whose alias', defaultModel());
  addMoveOptions(command).action(rollback);
  withExamples(
    command,
    ['models rollback --reason "misses small lesions"', 'models rollback lesion --alias candidate'],
    {
      notes: NOTES,
    },
  );
}

async function rollback(model: string, flags: MoveFlags): Promise<void> {
  const alias = aliasName(flags.alias);
  using store = openStore(process.env);
  const before = await readAlias(store, model, alias);
  if (before === undefined) {
    throw new UsageError(
      `Model "${model}" has no alias "${alias}". "lesionflow models list" shows them.`,
      { model, alias },
    );
  }
  const earlier = holderBefore(before);
  if (earlier === undefined) {
    throw new UsageError(
      `No version held "${alias}" before version ${String(before.version)}. Name one with "lesionflow models promote".`,
      { model, alias, version: before.version },
    );
  }
  const to = await resolveVersion(store, model, earlier);
  await moveByHand(
    store,
    { before, to, words: `rolled back from version ${String(before.version)}` },
    flags,
  );
}

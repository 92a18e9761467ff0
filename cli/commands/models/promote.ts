/** `lesionflow models promote VERSION`: lets an alias name a version by hand, past the gate. */
import type { Command } from 'commander';
import { openStore } from '../../connections.ts';
import { withExamples } from '../../examples.ts';
import { aliasName, parseModelName, VERSION_HELP } from '../../model-name.ts';
import { addMoveOptions, moveByHand, type MoveFlags } from '../../models/move-by-hand.ts';
import { readAlias, resolveVersion } from '../../../storage/model-registry.ts';

const NOTES = `
The gate is not asked: a person decides, and who and why is kept. "lesionflow serve" follows within seconds. When
somebody else moves the alias at the same moment, this one is refused (exit code 3) and nothing changes.`;

export function addPromoteCommand(models: Command): void {
  const command = models
    .command('promote')
    .description('let an alias name a version by hand; "rollback" is the way back')
    .argument('<version>', VERSION_HELP);
  addMoveOptions(command).action(promote);
  withExamples(
    command,
    [
      'models promote 7 --reason "better on the new camera"',
      'models promote lesion@7 --alias candidate',
    ],
    { notes: NOTES },
  );
}

async function promote(version: string, flags: MoveFlags): Promise<void> {
  const name = parseModelName(version, 'models promote');
  using store = openStore(process.env);
  const before = await readAlias(store, name.model, aliasName(flags.alias));
  const to = await resolveVersion(store, name.model, name.version);
  await moveByHand(store, { before, to, words: 'promoted by hand' }, flags);
}

/** What commands about a run share. */
import type { Command } from 'commander';
import { addJsonOption } from './output.ts';

export const RUN_HELP = 'the run\'s id, as "lesionflow runs list" shows it';

/** Of the commands that ask something of a run under way. */
export const addControlArguments = (command: Command): Command =>
  addJsonOption(
    command
      .argument('<run>', RUN_HELP)
      .option('--no-wait', 'only leave the request, also when no worker is there to answer'),
    'what the run answered',
  );

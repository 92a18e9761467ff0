/** What the commands that ask something of a run share: its id, `--no-wait`, and an example in `--help`. */
import type { Command } from 'commander';

const RUN = 'isic2018-20261124-173000-3fa9';

/** `example` is a command line with RUN in it. */
export function addRunArgument(command: Command, example: string): Command {
  return command
    .argument('<run>', 'the run\'s id, as "lesionflow status" lists it')
    .option('--no-wait', 'only leave the request, also when no worker is there to answer')
    .addHelpText('after', `\nExample:\n  lesionflow ${example.replace('RUN', RUN)}`);
}

/** What `inspect data` and `inspect model` have in common on the command line. */
import { Option, type Command } from 'commander';
import { repeated, wholeNumber } from '../../option-values.ts';
import { addJsonOption } from '../../output.ts';
import { presetNames } from '../../presets.ts';

export function addCommonOptions(command: Command): Command {
  const common = command
    .requiredOption('--out <folder>', 'where to write; made when missing')
    .option(
      '--preset <name>',
      `a recipe's model options: ${presetNames.join(', ')}; "inspect data" also auto`,
    )
    .option('--config <file>', "JSON or YAML with a run's options, or Matterport's")
    .option('--set <key=value>', 'one option, e.g. model.imageMaxDim=256 (repeatable)', repeated)
    .addOption(
      new Option('--format <format>', 'of the pictures').choices(['png', 'svg']).default('png'),
    )
    .option('--seed <number>', 'decides what is drawn at random', wholeNumber(0), 42);
  return addJsonOption(common, 'the numbers');
}

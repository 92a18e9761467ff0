/** What `inspect data` and `inspect model` have in common on the command line. */
import { InvalidArgumentError, Option, type Command } from 'commander';
import { presetNames } from '../presets.ts';

export function addCommonOptions(command: Command): Command {
  const repeated = (value: string, before: readonly string[] = []) => [...before, value];
  return command
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
    .option('--seed <number>', 'decides what is drawn at random', wholeNumber(0), 42)
    .option('--json', 'print the numbers as JSON');
}

/** Reads a whole number that is at least `least`. */
export const wholeNumber = (least: number) => (text: string) => {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= least) return value;
  throw new InvalidArgumentError(`It must be a whole number from ${String(least)} on.`);
};

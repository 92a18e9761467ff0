/** The end of each command's help: what there is to know beside its options, and command lines to start from. */
import type { Command } from 'commander';

/** A run's id as they look. */
export const SOME_RUN = 'isic2018-20261124-173000-3fa9';
export const OTHER_RUN = 'isic2018-20261126-080439-91c2';

/** `lines` are command lines without `lesionflow` before them; those that begin with `$` stand as they are. */
export function withExamples(
  command: Command,
  lines: readonly string[],
  { notes = '' }: { readonly notes?: string } = {},
): Command {
  const shown = lines.map((line) => (line.startsWith('$ ') ? line.slice(2) : `lesionflow ${line}`));
  const text = [
    ...(notes === '' ? [] : [notes.trim(), '']),
    lines.length === 1 ? 'Example:' : 'Examples:',
    ...shown.map((line) => `  ${line}`),
  ];
  return command.addHelpText('after', `\n${text.join('\n')}`);
}

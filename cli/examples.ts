/** The end of each command's help: what there is to know beside its options, and command lines to start from. */
import type { Command } from 'commander';

/** A run's id as they look. */
export const SOME_RUN = 'isic2018-20261124-173000-3fa9';
export const OTHER_RUN = 'isic2018-20261126-080439-91c2';

export interface HelpEnd {
  /** Plain text; empty where there is nothing to add. */
  readonly notes: string;
  /** Whole command lines. */
  readonly examples: readonly string[];
}

const ends = new WeakMap<Command, HelpEnd>();

/** `lines` are command lines without `lesionflow` before them; those that begin with `$` stand as they are. */
export function withExamples(
  command: Command,
  lines: readonly string[],
  { notes = '' }: { readonly notes?: string } = {},
): Command {
  const end = {
    notes: notes.trim(),
    examples: lines.map((line) => (line.startsWith('$ ') ? line.slice(2) : `lesionflow ${line}`)),
  };
  ends.set(command, end);
  const text = [
    ...(end.notes === '' ? [] : [end.notes, '']),
    lines.length === 1 ? 'Example:' : 'Examples:',
    ...end.examples.map((line) => `  ${line}`),
  ];
  return command.addHelpText('after', `\n${text.join('\n')}`);
}

/** What `withExamples` was given. */
export const helpEndOf = (command: Command): HelpEnd =>
  ends.get(command) ?? { notes: '', examples: [] };

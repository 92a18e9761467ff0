/**
 * What commands print. On stdout stands what was asked for and nothing else: lines for a person, or with `--json` one
 * line of JSON. Progress and warnings go to stderr where stdout is for a program.
 */
import type { Command } from 'commander';

export interface JsonFlag {
  readonly json?: true;
}

/** `what` is in a few words, e.g. `the runs`. */
export const addJsonOption = (command: Command, what = 'the result'): Command =>
  command.option('--json', `print ${what} as JSON, and nothing else, on stdout`);

/** A word beside the result. */
export const note = ({ json }: JsonFlag, text: string): void =>
  void (json ? process.stderr : process.stdout).write(`${text}\n`);

export const say = (text: string): void => void process.stdout.write(`${text}\n`);

export function printResult(
  { json }: JsonFlag,
  value: unknown,
  lines: () => readonly string[],
): void {
  if (json) say(JSON.stringify(value));
  else for (const line of lines()) say(line);
}

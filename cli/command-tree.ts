/** The commands as plain data, for what is made from them: shell completion and docs/cli.md. */
import type { Argument, Command, Option } from 'commander';
import { helpEndOf, type HelpEnd } from './examples.ts';

export interface CommandNode extends HelpEnd {
  /** From the program's name on, e.g. `lesionflow runs list`. */
  readonly path: string;
  readonly description: string;
  /** As its help shows it, e.g. `lesionflow runs show [options] <run>`. */
  readonly usage: string;
  readonly parts: readonly CommandPart[];
  /** `--help` among them. */
  readonly options: readonly CommandOption[];
  readonly children: readonly CommandNode[];
}

/** An argument. */
export interface CommandPart {
  /** e.g. `<run>`, `[model]`, `<image...>` */
  readonly name: string;
  readonly description: string;
  readonly choices: readonly string[];
  readonly isFile: boolean;
}

export interface CommandOption {
  /** e.g. `--limit <number>` */
  readonly flags: string;
  /** e.g. `--limit`; both where there is a short one. */
  readonly names: readonly string[];
  readonly description: string;
  /** Does a value follow? */
  readonly takesValue: boolean;
  readonly isRequired: boolean;
  readonly choices: readonly string[];
  /** Is the value a file's or a folder's path? */
  readonly isFile: boolean;
  /** As it is written on a command line; `undefined` where there is none. */
  readonly preset: string | undefined;
}

export function commandTree(command: Command, above = ''): CommandNode {
  const path = `${above} ${command.name()}`.trim();
  const help = command.createHelp();
  return {
    path,
    description: command.description(),
    usage: `${path} ${command.usage()}`,
    parts: help.visibleArguments(command).map(partOf),
    options: help.visibleOptions(command).map(optionOf),
    children: command.commands.map((child) => commandTree(child, path)),
    ...helpEndOf(command),
  };
}

/** The node and all below it, each before its own children. */
export const allNodes = (node: CommandNode): CommandNode[] => [
  node,
  ...node.children.flatMap(allNodes),
];

const PATHS = /[<[](.*\|)?(file|folder|zip|image)(\|.*)?(\.\.\.)?[\]>]/;

function partOf(argument: Argument): CommandPart {
  const inner = `${argument.name()}${argument.variadic ? '...' : ''}`;
  const name = argument.required ? `<${inner}>` : `[${inner}]`;
  const { description, argChoices = [] } = argument;
  return { name, description, choices: argChoices, isFile: PATHS.test(name) };
}

function optionOf(option: Option): CommandOption {
  const { flags, short, long, description, required, optional, mandatory, argChoices } = option;
  const value: unknown = option.defaultValue;
  return {
    flags,
    names: [short, long].filter((name) => name !== undefined),
    description,
    takesValue: required || optional,
    isRequired: mandatory,
    choices: argChoices ?? [],
    isFile: PATHS.test(flags),
    // The default of --no-wait is to wait, which is no value.
    preset: typeof value === 'string' || typeof value === 'number' ? String(value) : undefined,
  };
}

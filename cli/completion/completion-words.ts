/**
 * What completion may propose at each place, from the commands themselves. The scripts hold all of it: to ask the
 * command at each Tab, as packages for this do, would take a second each time.
 */
import { allNodes, type CommandNode } from '../command-tree.ts';

export interface Proposal {
  readonly word: string;
  readonly description: string;
}

/** Where one stands on a command line: the command so far. */
export interface Place {
  /** e.g. `lesionflow runs` */
  readonly path: string;
  readonly commands: readonly Proposal[];
  readonly options: readonly Proposal[];
  /** Words that may be its argument. */
  readonly choices: readonly string[];
  /** What may follow an option that takes a value, by the option's name. */
  readonly values: ReadonlyMap<string, OptionValue>;
}

export interface OptionValue {
  readonly choices: readonly string[];
  readonly isFile: boolean;
}

export const placesOf = (root: CommandNode): Place[] => allNodes(root).map(placeOf);

function placeOf({ path, children, options, parts }: CommandNode): Place {
  return {
    path,
    commands: children.map((child) => ({
      word: child.path.slice(path.length + 1),
      description: child.description,
    })),
    options: options.flatMap(({ names, description }) =>
      names.filter((name) => name.startsWith('--')).map((word) => ({ word, description })),
    ),
    choices: parts.flatMap(({ choices }) => choices),
    values: new Map(
      options
        .filter(({ takesValue }) => takesValue)
        .flatMap(({ names, choices, isFile }) =>
          names.map((name) => [name, { choices, isFile }] as const),
        ),
    ),
  };
}

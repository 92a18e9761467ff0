/** docs/cli.md, whole, from the commands themselves. */
import { allNodes, type CommandNode, type CommandOption } from '../command-tree.ts';
import { exitCodeMeanings, exitCodes } from '../failures.ts';
import { environmentVariables } from './environment-variables.ts';

export function referenceMarkdown(root: CommandNode): string {
  const commands = allNodes(root).filter(({ path }) => path !== root.path);
  const leaves = commands.filter(({ children }) => children.length === 0);
  return `${[
    '# The command line',
    'Made by `npm run docs:cli` from the commands themselves; a test holds it true. `lesionflow COMMAND --help` says the same.',
    'In a checkout the command is `npx lesionflow`, or `node cli/bin.mjs`.',
    table(
      ['command', 'what it does'],
      leaves.map(({ path, description }) => [`[\`${path}\`](#${anchor(path)})`, description]),
    ),
    '## What is printed, and where',
    OUTPUT,
    '## Exit codes',
    table(['code', 'meaning'], exitCodeRows()),
    '## Environment',
    ENVIRONMENT,
    table(
      ['variable', 'what for'],
      environmentVariables.map(([name, meaning]) => [`\`${name}\``, meaning]),
    ),
    '## Completion',
    COMPLETION,
    ...leaves.flatMap(section),
  ].join('\n\n')}\n`;
}

const OUTPUT = `On stdout stands what was asked for and nothing else; with \`--json\` it is one JSON document. Progress, warnings and errors are
on stderr then. In a terminal there are colours and bars that are drawn over; elsewhere, and with \`NO_COLOR\`, there are none, and
each change of a run is a line. An error is one paragraph that says what is wrong, with which value, and what to do next; a
stack appears only for what nobody foresaw, which is a bug.`;

const ENVIRONMENT = `Where nothing is set, commands find the environment that \`lesionflow dev\` or the demo runs on this machine. Temporal is
found through its own environment variables and config file, the store through the AWS SDK's credential chain (environment,
\`~/.aws\`, roles of containers and machines).`;

const COMPLETION = `\`\`\`sh
eval "$(lesionflow completion bash)"    # in ~/.bashrc
eval "$(lesionflow completion zsh)"     # in ~/.zshrc, after compinit
lesionflow completion fish | source     # in ~/.config/fish/config.fish
\`\`\``;

function exitCodeRows(): string[][] {
  const names = Object.keys(exitCodes) as (keyof typeof exitCodes)[];
  return names.map((name) => [String(exitCodes[name]), exitCodeMeanings[name]]);
}

function section(node: CommandNode): string[] {
  const { path, description, usage, parts, options, notes, examples } = node;
  const described = options.filter(({ names }) => !names.includes('--help'));
  return [
    `## ${path}`,
    `${description[0]?.toUpperCase() ?? ''}${description.slice(1)}.`,
    code(usage),
    ...(parts.length === 0
      ? []
      : [
          table(
            ['argument', ''],
            parts.map(({ name, description: text, choices }) => [
              `\`${name}\``,
              text + among(choices),
            ]),
          ),
        ]),
    ...(described.length === 0 ? [] : [table(['option', ''], described.map(optionRow))]),
    ...(notes === '' ? [] : [/^ {2}/m.test(notes) ? code(notes, '') : notes]),
    code(examples.join('\n')),
  ];
}

const optionRow = ({ flags, description, isRequired, choices, preset }: CommandOption) => [
  `\`${flags}\``,
  description +
    among(choices) +
    (preset === undefined ? '' : ` (default: \`${preset}\`)`) +
    (isRequired ? ' (required)' : ''),
];

const among = (choices: readonly string[]): string =>
  choices.length === 0 ? '' : `: ${choices.join(', ')}`;

const code = (text: string, language = 'sh'): string => `\`\`\`${language}\n${text}\n\`\`\``;

function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(titles), `|${titles.map(() => '---|').join('')}`, ...rows.map(line)].join('\n');
}

const escaped = (cell: string): string => cell.replaceAll('|', '\\|');

/** As GitHub makes one of a heading. */
const anchor = (heading: string): string => heading.toLowerCase().replaceAll(' ', '-');

/** `lesionflow completion SHELL`: what lets a shell complete commands, options and their values. */
import { Argument, type Command } from 'commander';
import { commandTree } from '../command-tree.ts';
import { bashCompletion } from '../completion/bash.ts';
import { placesOf } from '../completion/completion-words.ts';
import { fishCompletion } from '../completion/fish.ts';
import { zshCompletion } from '../completion/zsh.ts';
import { withExamples } from '../examples.ts';
import { say } from '../output.ts';

const shells = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;
type Shell = keyof typeof shells;

const NOTES = `
The line of your shell below belongs in ~/.bashrc, ~/.zshrc (after compinit) or ~/.config/fish/config.fish.`;

export function addCompletionCommand(program: Command): void {
  const command = program
    .command('completion')
    .description('print what lets a shell complete commands, options and their values')
    .addArgument(new Argument('<shell>', 'which').choices(Object.keys(shells)))
    .action((shell: Shell) => say(shells[shell](placesOf(commandTree(program))).trimEnd()));
  withExamples(
    command,
    [
      '$ eval "$(lesionflow completion bash)"',
      '$ eval "$(lesionflow completion zsh)"',
      '$ lesionflow completion fish | source',
    ],
    { notes: NOTES },
  );
}

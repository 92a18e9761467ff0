/** `lesionflow runs …`: what runs there are, how far they are, and what they came to. */
import type { Command } from 'commander';
import { addCompareRunsCommand } from './compare.ts';
import { addListRunsCommand } from './list.ts';
import { addShowRunCommand } from './show.ts';
import { addWatchRunCommand } from './watch.ts';

export function addRunsCommand(program: Command, finish: (exitCode: number) => void): void {
  const runs = program.command('runs').description('runs: list, show, watch and compare them');
  addListRunsCommand(runs);
  addShowRunCommand(runs);
  addWatchRunCommand(runs, finish);
  addCompareRunsCommand(runs);
}

/** `lesionflow inspect …`: pictures and numbers of what goes into training and of what came out. */
import type { Command } from 'commander';
import { addInspectDataCommand } from './data.ts';
import { addInspectModelCommand } from './model.ts';
import { addInspectRunCommand } from './run.ts';

export function addInspectCommand(program: Command): void {
  const inspect = program
    .command('inspect')
    .description('look into a data set, a model or a run: pictures and numbers');
  addInspectDataCommand(inspect);
  addInspectModelCommand(inspect);
  addInspectRunCommand(inspect);
}

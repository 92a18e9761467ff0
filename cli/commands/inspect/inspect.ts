/** `lesionflow inspect …`: pictures and numbers of what goes into training and of what came out. */
import type { Command } from 'commander';
import { addInspectDataCommand } from './data.ts';
import { addInspectModelCommand } from './model.ts';

export function addInspectCommand(program: Command): void {
  const inspect = program
    .command('inspect')
    .description('look into a data set or a model: pictures, curves and numbers');
  addInspectDataCommand(inspect);
  addInspectModelCommand(inspect);
}

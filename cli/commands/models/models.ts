/** `lesionflow models …`: the registry of published versions and the aliases that name them. */
import type { Command } from 'commander';
import { addDiffModelsCommand } from './diff.ts';
import { addExportModelCommand } from './export.ts';
import { addListModelsCommand } from './list.ts';
import { addPromoteCommand } from './promote.ts';
import { addRollbackCommand } from './rollback.ts';
import { addShowModelCommand } from './show.ts';

export function addModelsCommand(program: Command): void {
  const models = program
    .command('models')
    .description('published versions: list, show, compare and export them, move an alias');
  addListModelsCommand(models);
  addShowModelCommand(models);
  addDiffModelsCommand(models);
  addPromoteCommand(models);
  addRollbackCommand(models);
  addExportModelCommand(models);
}

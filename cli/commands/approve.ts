/** `lesionflow approve RUN`: a person lets the version of a run take its alias. */
import type { Command } from 'commander';
import { SOME_RUN, withExamples } from '../examples.ts';
import { addVerdictOptions } from '../verdict.ts';

export function addApproveCommand(program: Command): void {
  const command = program
    .command('approve')
    .description('let the version of a run that waits for approval take its alias');
  addVerdictOptions(command, 'approve');
  withExamples(command, [`approve ${SOME_RUN} --reason "outlines of the atlas are fine"`], {
    notes: 'The gate is asked again: a version that is no longer the best stays without the alias.',
  });
}

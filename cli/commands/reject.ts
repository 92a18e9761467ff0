/** `lesionflow reject RUN`: a person keeps the version of a run from its alias. */
import type { Command } from 'commander';
import { SOME_RUN, withExamples } from '../examples.ts';
import { addVerdictOptions } from '../verdict.ts';

export function addRejectCommand(program: Command): void {
  const command = program
    .command('reject')
    .description('keep the version of a run that waits for approval from its alias');
  addVerdictOptions(command, 'reject');
  withExamples(command, [`reject ${SOME_RUN} --reason "misses small lesions"`], {
    notes:
      'The version stays published; "lesionflow models promote" can still let an alias name it.',
  });
}

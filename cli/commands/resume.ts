/** `lesionflow resume RUN`: lets a paused run go on. */
import type { Command } from 'commander';
import { controlRun, type ControlFlags } from '../control-run.ts';
import { SOME_RUN, withExamples } from '../examples.ts';
import { addControlArguments } from '../run-argument.ts';

export function addResumeCommand(program: Command): void {
  const command = program
    .command('resume')
    .description('let a paused run go on, from the very step at which it was saved');
  addControlArguments(command).action((runId: string, flags: ControlFlags) =>
    controlRun({ runId, control: 'resume' }, flags),
  );
  withExamples(command, [`resume ${SOME_RUN}`]);
}

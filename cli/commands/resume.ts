/** `lesionflow resume RUN`: lets a paused run go on. */
import type { Command } from 'commander';
import { controlRun, type WaitFlag } from '../control-run.ts';
import { addRunArgument } from '../run-argument.ts';

export function addResumeCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('resume')
    .description('let a paused run go on, from the very step at which it was saved');
  addRunArgument(command, 'resume RUN').action(async (runId: string, flags: WaitFlag) =>
    finish(await controlRun({ runId, control: 'resume' }, flags)),
  );
}

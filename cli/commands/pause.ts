/** `lesionflow pause RUN`: holds a run. */
import type { Command } from 'commander';
import { controlRun, type WaitFlag } from '../control-run.ts';
import { addRunArgument } from '../run-argument.ts';

export function addPauseCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('pause')
    .description('hold a run: an epoch is saved within and stops, another step ends first');
  addRunArgument(command, 'pause RUN').action(async (runId: string, flags: WaitFlag) =>
    finish(await controlRun({ runId, control: 'pause' }, flags)),
  );
}

/** `lesionflow pause RUN`: holds a run. */
import type { Command } from 'commander';
import { controlRun, type ControlFlags } from '../control-run.ts';
import { SOME_RUN, withExamples } from '../examples.ts';
import { addControlArguments } from '../run-argument.ts';

export function addPauseCommand(program: Command): void {
  const command = program
    .command('pause')
    .description('hold a run: an epoch is saved within and stops, another step ends first');
  addControlArguments(command).action((runId: string, flags: ControlFlags) =>
    controlRun({ runId, control: 'pause' }, flags),
  );
  withExamples(command, [`pause ${SOME_RUN}`]);
}

/** `lesionflow stop-early RUN`: ends a run's training, or one of its stages, before its last epoch. */
import type { Command } from 'commander';
import { controlRun, type ControlFlags } from '../control-run.ts';
import { SOME_RUN, withExamples } from '../examples.ts';
import { addControlArguments } from '../run-argument.ts';

interface StopFlags extends ControlFlags {
  readonly now?: true;
  readonly stage?: string;
}

export function addStopEarlyCommand(program: Command): void {
  const command = program
    .command('stop-early')
    .description('end the training after the epoch under way, and go on to the evaluation')
    .option('--now', 'stop at once, and go on from the newest finished epoch')
    .option('--stage <name>', 'end only this stage, the one under way');
  addControlArguments(command).action((runId: string, { now, stage, ...flags }: StopFlags) => {
    const input = { now: now === true, ...(stage === undefined ? {} : { stage }) };
    return controlRun({ runId, control: 'stopEarly', input }, flags);
  });
  withExamples(command, [`stop-early ${SOME_RUN}`, `stop-early ${SOME_RUN} --now`]);
}

/** `lesionflow stop-early RUN`: ends a run's training, or one of its stages, before its last epoch. */
import type { Command } from 'commander';
import { controlRun, type WaitFlag } from '../control-run.ts';
import { addRunArgument } from '../run-argument.ts';

interface StopFlags extends WaitFlag {
  readonly now?: true;
  readonly stage?: string;
}

export function addStopEarlyCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('stop-early')
    .description('end the training after the epoch under way, and go on to the evaluation')
    .option('--now', 'stop at once, and go on from the newest finished epoch')
    .option('--stage <name>', 'end only this stage, the one under way');
  addRunArgument(command, 'stop-early RUN --now').action(
    async (runId: string, { now, stage, ...flags }: StopFlags) => {
      const input = { now: now === true, ...(stage === undefined ? {} : { stage }) };
      finish(await controlRun({ runId, control: 'stopEarly', input }, flags));
    },
  );
}

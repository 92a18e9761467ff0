/** `lesionflow extend RUN --epochs N`: more epochs for a stage that is not over. */
import type { Command } from 'commander';
import { controlRun, type ControlFlags } from '../control-run.ts';
import { SOME_RUN, withExamples } from '../examples.ts';
import { wholeNumber } from '../option-values.ts';
import { addControlArguments } from '../run-argument.ts';

interface ExtendFlags extends ControlFlags {
  readonly epochs: number;
  readonly stage?: string;
}

export function addExtendCommand(program: Command): void {
  const command = program
    .command('extend')
    .description('add epochs to a stage that is not over; the epochs of later stages move up')
    .requiredOption('--epochs <n>', 'how many more', wholeNumber(1))
    .option('--stage <name>', 'the stage; by default the one under way, or the last');
  addControlArguments(command).action((runId: string, { epochs, stage, ...flags }: ExtendFlags) => {
    const input = { epochs, ...(stage === undefined ? {} : { stage }) };
    return controlRun({ runId, control: 'extend', input }, flags);
  });
  withExamples(command, [
    `extend ${SOME_RUN} --epochs 5`,
    `extend ${SOME_RUN} --epochs 2 --stage heads`,
  ]);
}

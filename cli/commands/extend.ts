/** `lesionflow extend RUN --epochs N`: more epochs for a stage that is not over. */
import { InvalidArgumentError, type Command } from 'commander';
import { controlRun, type WaitFlag } from '../control-run.ts';
import { addRunArgument } from '../run-argument.ts';

interface ExtendFlags extends WaitFlag {
  readonly epochs: number;
  readonly stage?: string;
}

export function addExtendCommand(program: Command, finish: (exitCode: number) => void): void {
  const command = program
    .command('extend')
    .description('add epochs to a stage that is not over; the epochs of later stages move up')
    .requiredOption('--epochs <n>', 'how many more', positiveInteger)
    .option('--stage <name>', 'the stage; by default the one under way, or the last');
  addRunArgument(command, 'extend RUN --epochs 5').action(
    async (runId: string, { epochs, stage, ...flags }: ExtendFlags) => {
      const input = { epochs, ...(stage === undefined ? {} : { stage }) };
      finish(await controlRun({ runId, control: 'extend', input }, flags));
    },
  );
}

function positiveInteger(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError('It must be a whole number from 1 up.');
}

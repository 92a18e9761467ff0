/** The command line of `npm run chaos`. */
import { Command } from 'commander';
import { z } from 'zod';
import { ChaosUsageError } from './errors.ts';

const optionsSchema = z.strictObject({
  seed: z.coerce.number<string>().int().nonnegative(),
  minutes: z.coerce.number<string>().positive(),
  fault: z.coerce.number<string>().int().nonnegative().optional(),
  plan: z.coerce.number<string>().int().positive().optional(),
  report: z.string().min(1).optional(),
  folder: z.string().min(1).optional(),
  short: z.boolean(),
});

export type ChaosOptions = z.output<typeof optionsSchema>;

/** Throws `ChaosUsageError` that names each option that is wrong. */
export function parseOptions(argv: readonly string[]): ChaosOptions {
  const command = new Command('chaos')
    .description('Runs the real pipeline under faults, and judges what comes out.')
    .option('--seed <number>', 'decides which faults come, where and when', '1')
    .option('--minutes <number>', 'no run begins after so many', '30')
    .option('--fault <index>', 'one run with that fault of the seed alone')
    .option('--plan <runs>', "prints the seed's faults of so many runs, and does nothing")
    .option('--report <file>', 'a page of Markdown that takes the table between its markers')
    .option('--folder <path>', 'for data and logs; .lesionflow/chaos/<seed> without')
    .option('--short', 'two minutes for CI: one short run, with faults of fixed choice', false)
    .parse(argv);
  const options = optionsSchema.safeParse(command.opts());
  if (options.success) return options.data;
  throw new ChaosUsageError(`These options cannot be run:\n${z.prettifyError(options.error)}`);
}

/** The command line of the bench. */
import { join } from 'node:path';
import { Command } from 'commander';
import { z } from 'zod';
import { projectRoot, stateFolder } from '../infra/paths.mjs';
import { caseKinds, precisions } from './cases.ts';
import { BenchError } from './errors.ts';
import { peers } from './line-up.ts';

const names = z.string().transform((text) => text.split(',').filter((part) => part !== ''));
const numbers = names.transform((parts) => parts.map(Number));

export const optionsSchema = z.strictObject({
  cases: names.pipe(z.array(z.enum(caseKinds)).min(1)),
  sizes: numbers.pipe(z.array(z.int().min(64).multipleOf(64)).min(1)),
  batch: numbers.pipe(z.array(z.int().positive()).min(1)),
  shapes: names
    .transform((parts) => parts.map((part) => part.split('x').map(Number)))
    .pipe(z.array(z.tuple([z.int().min(64).multipleOf(64), z.int().positive()])).min(1))
    .optional(),
  precision: names.pipe(z.array(z.enum(precisions)).min(1)),
  peers: names.pipe(z.array(z.enum(peers))),
  rounds: z.coerce.number<string>().int().positive(),
  warmUps: z.coerce.number<string>().int().positive(),
  budget: z.coerce.number<string>().positive(),
  out: z.string().min(1),
  pictures: z.string(),
  short: z.boolean(),
});

export type BenchOptions = z.output<typeof optionsSchema>;

/** Small enough for CI: what it proves is that the bench works, not how fast anything is. */
const SHORT = {
  cases: 'train-all,detect',
  sizes: '256',
  batch: '1',
  precision: 'float32',
  rounds: '1',
  warmUps: '1',
  // Never beside the published results.
  out: join(stateFolder, 'bench'),
};

/** @throws BenchError that names each option that is wrong. */
export function parseOptions(argv: readonly string[]): BenchOptions {
  const command = new Command('bench')
    .description('Measures LesionFlow beside torchvision and eager TensorFlow.js, interleaved.')
    .option('--cases <kinds>', `of ${caseKinds.join(',')}`, caseKinds.join(','))
    .option('--sizes <pixels>', 'sides of the square images', '256,512,1024')
    .option('--batch <images>', 'images a batch', '1,4')
    .option('--shapes <pairs>', 'sizes with batches, such as 512x1,256x4, in place of these two')
    .option('--precision <names>', `of ${precisions.join(',')}`, precisions.join(','))
    .option('--peers <names>', `of ${peers.join(',')}`, peers.join(','))
    .option('--rounds <number>', 'counted runs', '5')
    .option('--warm-ups <number>', 'runs before, not counted', '2')
    .option('--budget <seconds>', 'of counted runs: a slow contestant gets fewer, at least 2', '30')
    .option('--out <folder>', 'for the results', join(projectRoot, 'bench', 'results'))
    .option('--pictures <folder>', "ISIC 2018's archives", defaultPictures())
    .option(
      '--short',
      'a minute for CI: 256 x 256, one run, a peer only where it is installed',
      false,
    )
    .parse(argv);
  const given = command.opts<Record<string, unknown>>();
  if (given['short'] === true) {
    for (const [name, value] of Object.entries(SHORT)) {
      if (command.getOptionValueSource(name) === 'default') given[name] = value;
    }
  }
  const options = optionsSchema.safeParse(given);
  if (options.success) return options.data;
  throw new BenchError(`these options cannot be run:\n${z.prettifyError(options.error)}`);
}

const defaultPictures = () => join(projectRoot, '..', 'shared', 'isic2018-512');

/** Trained weights for our detection and training: a Keras file, where there is one. */
export function weightsCandidate(environment = process.env): string {
  return (
    environment['LESIONFLOW_BENCH_WEIGHTS'] ??
    join(projectRoot, '..', 'shared', 'parity', 'mask_rcnn_r50_2class.h5')
  );
}

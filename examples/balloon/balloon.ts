/**
 * The balloon sample of Matterport's library on this one: a data set of polygons, training, colour splash.
 * `npx tsx examples/balloon/balloon.ts --help`; see examples/README.md.
 */
import { Command, InvalidArgumentError } from 'commander';
import { MaskRcnnError } from '../../maskrcnn/index.ts';
import { splash } from './splash.ts';
import { makeSyntheticSet } from './synthetic.ts';
import { train } from './train.ts';

const say = (line: string) => {
  process.stdout.write(`${line}\n`);
};

function program(): Command {
  const command = new Command('balloon').description('Mask R-CNN on balloons (and kites).');
  command
    .command('make')
    .description('make a small data set: pictures with balloons and kites, annotated as VIA does')
    .requiredOption('--dataset <folder>', 'where to write it')
    .option('--train <pictures>', 'to train on', whole, 60)
    .option('--val <pictures>', 'to validate on', whole, 8)
    .option('--side <pixels>', 'height and width of a picture', whole, 64)
    .option('--seed <number>', 'another one makes other pictures', whole, 1)
    .action(async ({ dataset, train: pictures, val, side, seed }: MakeFlags) => {
      await makeSyntheticSet({ folder: dataset, train: pictures, validation: val, side, seed });
      say(`made ${String(pictures)} and ${String(val)} pictures in ${dataset}`);
    });
  withModel(command.command('train').description('train, and save the weights after each epoch'))
    .requiredOption('--dataset <folder>', 'holds train/ and val/ with via_region_data.json')
    .option('--layers <set>', 'heads, 3+, 4+, 5+, all, or a regular expression')
    .option('--epochs <number>', 'how many', whole)
    .option('--steps-per-epoch <number>', 'batches an epoch', whole)
    .option('--seed <number>', 'the same gives the same model', whole, 1)
    .action(async (flags: TrainFlags) => {
      await train({ ...flags, say });
    });
  withModel(command.command('splash').description('keep the colours of what was found only'))
    .requiredOption('--image <path>', 'a JPEG or PNG')
    .option('--output <path>', 'the PNG to write', 'splash.png')
    .action(async (flags: SplashFlags) => {
      const found = await splash(flags);
      for (const { classId, score, box } of found) {
        say(`${flags.classes[classId - 1] ?? ''} ${score.toFixed(3)} at ${box.join(', ')}`);
      }
      say(`${String(found.length)} found; wrote ${flags.output}`);
    });
  return command;
}

function withModel(command: Command): Command {
  return command
    .requiredOption('--weights <which>', 'coco, imagenet, last, scratch, or a .h5 file')
    .option('--logs <folder>', 'where runs are', 'logs')
    .option('--classes <names>', 'parted by commas, in the order of their numbers', list, [
      'balloon',
    ])
    .option('--tiny', 'a small model, trained from scratch on a CPU in minutes', false);
}

interface MakeFlags {
  readonly dataset: string;
  readonly train: number;
  readonly val: number;
  readonly side: number;
  readonly seed: number;
}

type TrainFlags = Omit<Parameters<typeof train>[0], 'say'>;
type SplashFlags = Parameters<typeof splash>[0];

const list = (text: string): string[] => text.split(',').map((name) => name.trim());

function whole(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Give a whole number.');
}

try {
  await program().parseAsync(process.argv);
} catch (error) {
  if (!(error instanceof MaskRcnnError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

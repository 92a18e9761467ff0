/** `lesionflow evaluate`: ISIC's scores of a version or a weight file, on a run's validation images or on one's own. */
import { Option, type Command } from 'commander';
import type { EvaluateFlags } from '../evaluate/run-evaluate.ts';
import { SOME_RUN, withExamples } from '../examples.ts';
import { repeated, share, wholeNumber } from '../option-values.ts';
import { addJsonOption } from '../output.ts';
import { presetNames } from '../presets.ts';

const NOTES = `
On which images: those of --images and --masks; or the validation images of the run that --run names; or, with neither,
those that the version itself was scored on, which repeats its published scores. Each image counts at its own size, the most
certain instance is the prediction, and no instance is an empty mask: the rules of the ISIC 2018 challenge, task 1.
With --out: evaluation.json with the scores of each image, and pictures of the best, the middle and the worst.`;

const EXAMPLES = [
  'evaluate champion',
  'evaluate lesion@3 --images hospital/images --masks hospital/masks --out hospital/scores',
  `evaluate 7 --run ${SOME_RUN}`,
  'evaluate mine.h5 --preset recipe --images images.zip --masks masks.zip',
  "$ lesionflow evaluate champion --json | jq '.images[] | select(.scores.jaccard < 0.65) | .id'",
];

export function addEvaluateCommand(program: Command): void {
  const command = program
    .command('evaluate')
    .description(
      "score a version or a weight file as the ISIC challenge does, on a run's images or yours",
    )
    .argument('[weights]', 'a version or alias, e.g. lesion@3, or a Keras .h5 file', 'champion')
    .option('--images <zip|folder>', 'images, NAME.jpg or NAME.png: a path, or a URL of a zip')
    .option('--masks <zip|folder>', 'masks, NAME_segmentation.png')
    .addOption(
      new Option('--run <run>', "a run's validation images").conflicts(['images', 'masks']),
    )
    .option('--count <number>', 'so many images, drawn by the seed; all without', wholeNumber(1))
    .option('--seed <number>', 'decides what is drawn', wholeNumber(0), 42)
    .option('--min-confidence <share>', 'leave out what is less certain, 0 to 1', share, 0.05)
    .option('--out <folder>', 'write evaluation.json and pictures here')
    .option('--overlays <number>', 'pictures that are drawn with --out', wholeNumber(0), 12)
    .option('--preset <name>', `of a .h5 file: a recipe's model options: ${presetNames.join(', ')}`)
    .option('--config <file>', "of a .h5 file: JSON or YAML with a run's options, or Matterport's")
    .option('--set <key=value>', 'of a .h5 file: one option (repeatable)', repeated);
  addJsonOption(command, 'the scores, also of each image,').action(
    async (weights: string, flags: EvaluateFlags) => {
      // What draws takes a second to load.
      const { runEvaluate } = await import('../evaluate/run-evaluate.ts');
      await runEvaluate(weights, flags);
    },
  );
  withExamples(command, EXAMPLES, { notes: NOTES });
}

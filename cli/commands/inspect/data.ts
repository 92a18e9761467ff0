/** `lesionflow inspect data`: what is in a data set, drawn and in numbers, and what to train it with. */
import type { Command } from 'commander';
import { presetNames as augmentations } from '../../../augmentation/presets.ts';
import { withExamples } from '../../examples.ts';
import type { InspectDataFlags } from '../../inspect/run-data.ts';
import { wholeNumber } from '../../option-values.ts';
import { hoursOption } from '../auto-options.ts';
import { addCommonOptions } from './options.ts';

const NOTES = `
Reads every pair and writes
  overview    lesion sizes, where they lie, shapes, colours, sizes of the pictures
  split-leak  near-duplicates that the split puts on both sides, where there are some
  unusual     pictures and masks to look at: tiny, huge, faint, inverted, in parts, odd colours, …
  samples     images with their masks, and augmented ones beside them
  anchors     positive, negative and neutral ones of the first samples
  masks       boxes at training size beside the anchors' shapes
  data.json   all numbers, all names
and says what --preset auto would choose for this data and this machine, with its reasons.`;

const EXAMPLES = [
  'inspect data --images images.zip --masks masks.zip --out look',
  'inspect data --images https://host/images.zip --masks https://host/masks.zip --measure 300 --out look',
  'inspect data --images images/ --masks masks/ --augment dermoscopy --preset auto --out look',
  `inspect data --images images.zip --masks masks.zip --out look \\
    --augment '[{ op: fliplr, p: 0.5 }, { op: affine, rotate: [-30, 30] }]'`,
];

export function addInspectDataCommand(inspect: Command): void {
  const command = inspect
    .command('data')
    .description('what is in a data set, what looks wrong, and what to train it with')
    .requiredOption(
      '--images <zip|folder>',
      'images, NAME.jpg or NAME.png: a path, or a URL of a zip',
    )
    .requiredOption('--masks <zip|folder>', 'masks, NAME_segmentation.png')
    .option(
      '--augment <spec>',
      `show augmented samples too: ${augmentations.join(', ')}, a YAML or JSON file, or its text`,
    )
    .option('--count <number>', 'samples in the mosaic', wholeNumber(1), 12)
    .option(
      '--measure <number>',
      'pairs that are read, drawn by the seed; all without',
      wholeNumber(1),
    )
    .addOption(hoursOption());
  addCommonOptions(command).action(async (flags: InspectDataFlags) => {
    // What draws takes a second to load, and no other command needs it.
    const { runInspectData } = await import('../../inspect/run-data.ts');
    await runInspectData(flags);
  });
  withExamples(command, EXAMPLES, { notes: NOTES });
}

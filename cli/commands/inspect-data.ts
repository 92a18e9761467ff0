/** `lesionflow inspect data`: samples, augmentation, anchors and masks of a data set. */
import type { Command } from 'commander';
import { presetNames as augmentations } from '../../augmentation/presets.ts';
import type { InspectDataFlags } from '../inspect/run-data.ts';
import { addCommonOptions, wholeNumber } from './inspect-options.ts';

const HELP = `
Writes samples (images with their masks, and augmented ones beside them), anchors (positive, negative and
neutral ones of the first samples) and masks (sizes and places of the instances, beside the anchors' shapes).

Examples:
  lesionflow inspect data --images images.zip --masks masks.zip --out look
  lesionflow inspect data --images images/ --masks masks/ --augment dermoscopy --preset scratch --out look
  lesionflow inspect data --images images.zip --masks masks.zip --out look \\
    --augment '[{ op: fliplr, p: 0.5 }, { op: affine, rotate: [-30, 30] }]'
`;

export function addInspectDataCommand(inspect: Command): void {
  const command = inspect
    .command('data')
    .description('a mosaic of training samples, their anchors, and how large masks are and where')
    .requiredOption('--images <zip|folder>', 'images, NAME.jpg or NAME.png')
    .requiredOption('--masks <zip|folder>', 'masks, NAME_segmentation.png')
    .option(
      '--augment <spec>',
      `show augmented samples too: ${augmentations.join(', ')}, a YAML or JSON file, or its text`,
    )
    .option('--count <number>', 'samples in the mosaic', wholeNumber(1), 12)
    .option('--measure <number>', 'pairs that are read and measured', wholeNumber(1), 200);
  addCommonOptions(command)
    .addHelpText('after', HELP)
    .action(async (flags: InspectDataFlags) => {
      // What draws takes a second to load, and no other command needs it.
      const { runInspectData } = await import('../inspect/run-data.ts');
      await runInspectData(flags);
    });
}

/** `lesionflow inspect data`: samples, augmentation, anchors and masks of a data set. */
import type { Command } from 'commander';
import { presetNames as augmentations } from '../../augmentation/presets.ts';
import { renderMaskSummary } from '../../report/mask-summary.ts';
import { augmentationOf } from '../inspect/augmentation-of.ts';
import { inspectData, type DataReport } from '../inspect/inspect-data.ts';
import { runConfig } from '../inspect/model-config.ts';
import { addCommonOptions, wholeNumber, writerFor, type CommonFlags } from './inspect-options.ts';

interface InspectDataFlags extends CommonFlags {
  readonly images: string;
  readonly masks: string;
  readonly augment?: string;
  readonly count: number;
  readonly measure: number;
}

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
  addCommonOptions(command).addHelpText('after', HELP).action(run);
}

async function run(flags: InspectDataFlags): Promise<void> {
  const config = runConfig(flags);
  const augmentation = flags.augment === undefined ? null : augmentationOf(flags.augment);
  const writer = await writerFor(flags);
  const report = await inspectData({ ...flags, config, augmentation, writer });
  const lines = flags.json ? [JSON.stringify(report)] : render(report);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function render({ pairs, read, quarantined, anchors, masks }: DataReport): string[] {
  const shown = quarantined.slice(0, 5).map(({ id, reason }) => `${id} (${reason})`);
  const more = quarantined.length > shown.length ? ', …' : '';
  return [
    '',
    `${String(pairs)} pairs, ${String(read)} of them read; ` +
      `unusable: ${quarantined.length === 0 ? 'none' : `${String(quarantined.length)}: ${shown.join(', ')}${more}`}`,
    ...anchors.map(
      ({ id, positive, negative, neutral }) =>
        `anchors of ${id}: ${String(positive)} positive, ${String(negative)} negative, ${String(neutral)} neutral`,
    ),
    '',
    ...renderMaskSummary(masks),
  ];
}

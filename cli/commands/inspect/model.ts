/** `lesionflow inspect model`: weight statistics, and what the model does on one image. */
import type { Command } from 'commander';
import { withExamples } from '../../examples.ts';
import type { InspectModelFlags } from '../../inspect/run-model.ts';
import { repeated, share } from '../../option-values.ts';
import { addCommonOptions } from './options.ts';

const NOTES = `
Writes weights (histograms; weights.txt and weights.json hold a line a weight, dead and exploding ones
flagged). With --image also instances, top-masks, rpn-anchors and rois; with --mask also differences,
precision-recall, overlaps and training-rois.

Backbone, classes and layer sizes are read from a .h5 file; sizes of images and anchors are not in it, so give
those that it was trained with by --preset, --config or --set.`;

const EXAMPLES = [
  'inspect model --weights mask_rcnn_coco.h5 --out look',
  'inspect model --weights champion --image a.jpg --mask a_segmentation.png --out look',
  `inspect model --weights mine.h5 --set model.imageMinDim=512 --set model.imageMaxDim=512 \\
    --image a.jpg --mask 1=cat.png --mask 2=dog.png --classes cat,dog --out look`,
];

export function addInspectModelCommand(inspect: Command): void {
  const command = inspect
    .command('model')
    .description('statistics of the weights, and what the model does on an image')
    .requiredOption('--weights <file|version>', 'a Keras .h5 file, or a version, e.g. lesion@3')
    .option('--image <file>', 'an image to look at')
    .option(
      '--mask <file>',
      'the truth: one instance of class 1, or CLASS=file (repeatable)',
      repeated,
    )
    .option('--classes <names>', 'of the classes from 1 on, e.g. cat,dog', (text) =>
      text.split(','),
    )
    .option('--min-confidence <share>', 'leave out what is less certain, 0 to 1', share);
  addCommonOptions(command).action(async (flags: InspectModelFlags) => {
    // What draws takes a second to load, and no other command needs it.
    const { runInspectModel } = await import('../../inspect/run-model.ts');
    await runInspectModel(flags);
  });
  withExamples(command, EXAMPLES, { notes: NOTES });
}

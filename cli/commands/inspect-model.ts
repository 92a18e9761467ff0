/** `lesionflow inspect model`: weight statistics, and what the model does on one image. */
import { basename, extname } from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import pc from 'picocolors';
import { className } from '../../report/instances.ts';
import { renderWeightStats, type WeightStats } from '../../report/weight-stats.ts';
import { UsageError } from '../failures.ts';
import type { DetectionReport } from '../inspect/inspect-model.ts';
import { readPicture, readTruth } from '../inspect/read-picture.ts';
import { weightsSource, type WeightsSource } from '../inspect/weights-source.ts';
import { viewWeights } from '../inspect/weights-view.ts';
import { addCommonOptions, writerFor, type CommonFlags } from './inspect-options.ts';

interface InspectModelFlags extends CommonFlags {
  readonly weights: string;
  readonly image?: string;
  readonly mask?: readonly string[];
  readonly classes?: readonly string[];
  readonly minConfidence?: number;
}

const HELP = `
Writes weights (histograms; weights.txt and weights.json hold a line a weight, dead and exploding ones
flagged). With --image also instances, top-masks, rpn-anchors and rois; with --mask also differences,
precision-recall, overlaps and training-rois.

Backbone, classes and layer sizes are read from a .h5 file; sizes of images and anchors are not in it, so give
those that it was trained with by --preset, --config or --set.

Examples:
  lesionflow inspect model --weights mask_rcnn_coco.h5 --out look
  lesionflow inspect model --weights champion --image a.jpg --mask a_segmentation.png --out look
  lesionflow inspect model --weights mine.h5 --set model.imageMinDim=512 --set model.imageMaxDim=512 \\
    --image a.jpg --mask 1=cat.png --mask 2=dog.png --classes cat,dog --out look
`;

export function addInspectModelCommand(inspect: Command): void {
  const repeated = (value: string, before: readonly string[] = []) => [...before, value];
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
  addCommonOptions(command).addHelpText('after', HELP).action(run);
}

async function run(flags: InspectModelFlags): Promise<void> {
  const { weights, image, mask = [] } = flags;
  if (image === undefined && mask.length > 0) {
    throw new UsageError('--mask is the truth of an image: give the image too, by --image.');
  }
  const found = await weightsSource(weights, flags, process.env);
  const source = {
    ...found,
    ...(flags.classes && { classNames: ['background', ...flags.classes] }),
  };
  const picture = image === undefined ? undefined : await readPicture(image);
  const truth = picture ? await Promise.all(mask.map((path) => readTruth(path, picture))) : [];
  const unknown = truth.find(({ classId }) => classId < 1 || classId >= source.config.numClasses);
  if (unknown !== undefined) {
    throw new UsageError(
      `--mask: the model has the classes 1 to ${String(source.config.numClasses - 1)}, ` +
        `got class ${String(unknown.classId)}.`,
    );
  }
  const writer = await writerFor(flags);
  const stats = await viewWeights(source.path, { name: source.name, writer });
  let report: DetectionReport | undefined;
  if (picture !== undefined && image !== undefined) {
    // TensorFlow takes seconds to load, and weights are looked at without it.
    process.env['TF_CPP_MIN_LOG_LEVEL'] ??= '2';
    const { inspectDetection } = await import('../inspect/inspect-model.ts');
    const imageName = basename(image, extname(image));
    report = await inspectDetection({ ...flags, source, image: picture, imageName, truth, writer });
  }
  const lines = flags.json
    ? [JSON.stringify({ weights: stats, ...report, files: writer.written })]
    : render(stats, source, report);
  process.stdout.write(`${lines.join('\n')}\n`);
}

function render(
  stats: readonly WeightStats[],
  { name, classNames }: WeightsSource,
  report: DetectionReport | undefined,
): string[] {
  const numbers = stats.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
  const flagged = stats.filter(({ flags }) => flags.length > 0);
  const colour = pc.isColorSupported && process.stdout.isTTY;
  return [
    '',
    `${name}: ${String(stats.length)} weights, ${numbers.toLocaleString('en')} numbers, ` +
      (flagged.length === 0 ? 'none dead or exploding' : `${String(flagged.length)} flagged:`),
    ...(flagged.length === 0 ? [] : renderWeightStats(flagged, { colour })),
    ...(report === undefined ? [] : renderDetections(report, classNames)),
  ];
}

const SHOWN_DETECTIONS = 10;

function renderDetections(report: DetectionReport, classNames: readonly string[]): string[] {
  const { detections, rois, ap50, trainingRois } = report;
  return [
    '',
    `RoIs: ${String(rois.positive)} with a class, ${String(rois.negative)} background`,
    ...(detections.length === 0 ? ['nothing found'] : []),
    ...detections
      .slice(0, SHOWN_DETECTIONS)
      .map(
        ({ classId, score, box }) =>
          `${className(classNames, classId)} ${score.toFixed(3)} at ${box.join(', ')}`,
      ),
    ...(detections.length > SHOWN_DETECTIONS
      ? [`and ${String(detections.length - SHOWN_DETECTIONS)} more (--json gives all)`]
      : []),
    ...(ap50 === undefined ? [] : [`AP@50: ${ap50.toFixed(3)}`]),
    ...(trainingRois === undefined
      ? []
      : [
          `RoIs of a training step: ${String(trainingRois.positive)} positive, ` +
            `${String(trainingRois.negative)} negative`,
        ]),
  ];
}

function share(text: string): number {
  const value = Number(text);
  if (text !== '' && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('It must be a number from 0 to 1.');
}

/** From the flags of `lesionflow inspect model` to what it prints. */
import { basename, extname } from 'node:path';
import pc from 'picocolors';
import { className } from '../../report/instances.ts';
import { renderWeightStats, type WeightStats } from '../../report/weight-stats.ts';
import { UsageError } from '../failures.ts';
import type { CommonFlags } from './common-flags.ts';
import type { DetectionReport } from './inspect-model.ts';
import { readPicture, readTruth } from './read-picture.ts';
import { weightsSource, type WeightsSource } from './weights-source.ts';
import { viewWeights } from './weights-view.ts';
import { writerFor } from './write-pictures.ts';

export interface InspectModelFlags extends CommonFlags {
  readonly weights: string;
  readonly image?: string;
  readonly mask?: readonly string[];
  readonly classes?: readonly string[];
  readonly minConfidence?: number;
}

export async function runInspectModel(flags: InspectModelFlags): Promise<void> {
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
    const { inspectDetection } = await import('./inspect-model.ts');
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

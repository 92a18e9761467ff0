/** Pictures and numbers of a model on one image, with and without its truth. Loads TensorFlow. */
import { fitImage } from '../../datasets/fit-image.ts';
import { computeAp } from '../../evaluation/matterport/average-precision.ts';
import { detectionColumns, instanceColumns } from '../../evaluation/matterport/instances.ts';
import { Detector, type Detection, type FittedImage } from '../../maskrcnn/detector.ts';
import { resizeMaskNearest } from '../../datasets/records/make-record.ts';
import { pad, paddingAround } from '../../maskrcnn/image/pad.ts';
import { Parameters } from '../../maskrcnn/parameters.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import { loadWeights } from '../../maskrcnn/weights/load.ts';
import { drawBoxes } from '../../report/boxes.ts';
import { drawDifferences } from '../../report/differences.ts';
import type { RgbPicture } from '../../report/drawing.ts';
import { drawInstances, type DrawnInstance } from '../../report/instances.ts';
import { plotOverlaps } from '../../report/plots/overlaps.ts';
import { plotPrecisionRecall } from '../../report/plots/precision-recall.ts';
import { drawRois } from '../../report/rois.ts';
import { drawTopMasks } from '../../report/top-masks.ts';
import { viewNetwork } from './network-view.ts';
import { trainingRois } from './training-rois.ts';
import type { WeightsSource } from './weights-source.ts';
import type { PictureWriter } from './write-pictures.ts';

export interface InspectModelOptions {
  readonly source: WeightsSource;
  readonly image: RgbPicture;
  /** For titles. */
  readonly imageName: string;
  /** None when it is not known. */
  readonly truth: readonly DrawnInstance[];
  /** Instances below are left out, 0 to 1. @default the config's */
  readonly minConfidence?: number | undefined;
  readonly seed: number;
  readonly writer: PictureWriter;
}

export interface DetectionReport {
  /** By falling score. */
  readonly detections: readonly Pick<Detection, 'box' | 'classId' | 'score'>[];
  readonly rois: { readonly positive: number; readonly negative: number };
  /** With truth: average precision at an overlap of 0.5. */
  readonly ap50?: number;
  /** With truth, what a training step would take. */
  readonly trainingRois?: { readonly positive: number; readonly negative: number };
}

const SHOWN_ANCHORS = 30;
const SHOWN_ROIS = 24;

/** @throws WeightsMismatchError when the weights do not fit the config */
export async function inspectDetection(options: InspectModelOptions): Promise<DetectionReport> {
  const { source, image, truth, minConfidence } = options;
  const { config } = source;
  using parameters = Parameters.initialise(config, 0);
  await loadWeights(parameters, source.path, { strict: true });
  using detector = new Detector(config, parameters, { fit: fitImage });
  const found = await detector.detect(image, minConfidence === undefined ? {} : { minConfidence });
  const detections = found.toSorted((a, b) => b.score - a.score);
  const fitted = await fitImage(image, config);
  await drawDetections(detections, options);
  const rois = await drawNetwork(fitted, parameters, options);
  const report = {
    detections: detections.map(({ box, classId, score }) => ({ box, classId, score })),
    rois,
  };
  if (truth.length === 0) return report;
  const ap50 = await drawComparison(detections, options);
  const trained = await drawTrainingRois(fitted, parameters, options);
  return { ...report, ap50, trainingRois: trained };
}

async function drawDetections(
  instances: readonly Detection[],
  { source, image, imageName, writer }: InspectModelOptions,
): Promise<void> {
  const { classNames } = source;
  const title = `${imageName}: ${String(instances.length)} instances by ${source.name}`;
  const shown = { image, instances, classNames };
  await writer.picture('instances', await drawInstances({ ...shown, title }));
  await writer.picture('top-masks', await drawTopMasks(shown));
}

async function drawNetwork(
  image: FittedImage,
  parameters: Parameters,
  { source, writer, seed }: InspectModelOptions,
): Promise<DetectionReport['rois']> {
  const { config, classNames } = source;
  const view = await viewNetwork({ config, parameters, image, anchors: SHOWN_ANCHORS });
  const anchors = await drawBoxes({
    image,
    boxes: view.anchors,
    seed,
    margin: 0.2,
    title: `The RPN's ${String(view.anchors.length)} best anchors (dashed), refined (solid)`,
  });
  await writer.picture('rpn-anchors', anchors);
  const rois = { image, rois: view.rois, classNames, limit: SHOWN_ROIS, seed };
  await writer.picture('rois', await drawRois({ ...rois, title: 'RoIs of the RPN, classified' }));
  return countsOf(view.rois);
}

async function drawComparison(
  predictions: readonly Detection[],
  { source, image, truth, writer }: InspectModelOptions,
): Promise<number> {
  const { classNames } = source;
  const differences = await drawDifferences({ image, truth, predictions, classNames });
  await writer.picture('differences', differences);
  const curve = computeAp(instanceColumns(truth), detectionColumns(predictions));
  await writer.picture('precision-recall', plotPrecisionRecall(curve));
  if (predictions.length > 0) {
    const overlaps = plotOverlaps({
      gtClassIds: truth.map(({ classId }) => classId),
      predClassIds: predictions.map(({ classId }) => classId),
      predScores: predictions.map(({ score }) => score),
      overlaps: curve.overlaps,
      classNames,
    });
    await writer.picture('overlaps', overlaps);
  }
  return curve.ap;
}

async function drawTrainingRois(
  fitted: FittedImage,
  parameters: Parameters,
  { source, truth, image, imageName, writer, seed }: InspectModelOptions,
): Promise<DetectionReport['rois']> {
  const { config, classNames } = source;
  const [top, left, bottom, right] = fitted.window;
  const inner = [bottom - top, right - left] as const;
  const padding = paddingAround(fitted.window, [fitted.height, fitted.width]);
  const annotated: AnnotatedImage = {
    ...fitted,
    id: imageName,
    originalSize: [image.height, image.width],
    scale: inner[0] / image.height,
    instances: truth.map(({ classId, mask }) => {
      const resized = resizeMaskNearest(mask, { from: [image.height, image.width], to: inner });
      return { classId, mask: pad(resized, { size: inner, padding, channels: 1 }) };
    }),
  };
  const rois = await trainingRois({ config, parameters, image: annotated, seed });
  const title = 'RoIs of a training step with their targets';
  const drawn = await drawRois({ image: fitted, rois, classNames, limit: SHOWN_ROIS, seed, title });
  await writer.picture('training-rois', drawn);
  return countsOf(rois);
}

function countsOf(rois: readonly { readonly classId: number }[]): DetectionReport['rois'] {
  const positive = rois.filter(({ classId }) => classId > 0).length;
  return { positive, negative: rois.length - positive };
}

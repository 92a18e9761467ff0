/**
 * The library's public door: all of Mask R-CNN in one import, grouped as mrcnn/{config,model,utils}.py are.
 * docs/compatibility.md says which of Matterport's names is which of these.
 *
 * Scores (`computeAp` and the like) work on plain arrays and live in evaluation/, pictures in report/.
 */

// Configuration: mrcnn/config.py
export {
  batchSize,
  imageMetaSize,
  imageShape,
  maskRcnnConfigSchema,
  type MaskRcnnConfig,
  type MaskRcnnConfigInput,
} from './config.ts';
export {
  configAsMatterport,
  displayConfig,
  type MatterportConfig,
  type NamedConfigInput,
} from './config-names.ts';
export { parseConfig } from './config-parsing.ts';

// The model and its weights: mrcnn/model.py
export { Parameters, trainableParameters, type ParameterSpec } from './parameters.ts';
export { COCO_EXCLUDE, loadWeights, saveWeights, type LoadOptions } from './weights/load.ts';
export type { LoadReport } from './weights/load-report.ts';
export { fetchPretrained, type PretrainedOptions } from './weights/pretrained.ts';
export {
  detectionForward,
  trainingForward,
  type DetectionForwardOptions,
  type DetectionOutput,
  type TrainingForwardOptions,
} from './model.ts';
export { exportDetection, type ExportDetectionOptions } from './export/saved-model.ts';

// Detection: MaskRCNN.detect
export { Detector, type DetectOptions, type DetectorOptions } from './detector.ts';
export { fitAsReference, type FittedImage } from './detection/fit-image.ts';
export {
  unmoldDetections,
  type Detection,
  type RawDetections,
  type UnmoldOptions,
} from './detection/unmold.ts';
export {
  composeImageMeta,
  moldImage,
  parseImageMeta,
  unmoldImage,
  type ImageMeta,
} from './image/mold.ts';

// Data sets: utils.Dataset, load_image_gt
export { Dataset, type ClassInfo, type ImageInfo, type InstanceMasks } from './data/dataset.ts';
export {
  loadAnnotatedImage,
  loadImageGt,
  type Augment,
  type ImageWithTruth,
  type LoadImageOptions,
} from './data/load-image-gt.ts';
export {
  ellipseMask,
  polygonMask,
  rectangleMask,
  type Ellipse,
  type Point,
} from './data/outline-masks.ts';
export { readImage } from './data/read-image.ts';

// Training: MaskRCNN.train, data_generator
export { fit, type FitEpoch, type FitOptions, type FitStep } from './training/fit.ts';
export { CompiledTrainer } from './training/compiled-trainer.ts';
export { Trainer, type TrainerOptions } from './training/trainer.ts';
export {
  buildBatch,
  type BatchOptions,
  type RoiSource,
  type TrainBatch,
} from './training/batch.ts';
export { randomRois, type RandomRoisOptions } from './training/random-rois.ts';
export {
  detectionTargets,
  type DetectionTargetInput,
  type DetectionTargets,
} from './training/detection-targets.ts';
export {
  buildRpnTargets,
  type RpnTargets,
  type RpnTargetsOptions,
} from './training/rpn-targets.ts';
export type { AnnotatedImage, GroundTruthInstance } from './training/annotated-image.ts';
export type { Losses } from './training/loss-values.ts';
export { learningRateAt, type LearningRateSchedule } from './training/schedule.ts';
export { randomStream, type RandomStream } from './random.ts';

// Boxes, masks and images: mrcnn/utils.py
export { anchorCount, pixelAnchors, pyramidAnchors, pyramidSizes } from './boxes/anchors.ts';
export { nonMaxSuppression, type SuppressionOptions } from './boxes/non-max-suppression.ts';
export { denormBoxes, normBoxes } from './boxes/normalisation.ts';
export { boxOverlaps, maskOverlaps } from './boxes/overlaps.ts';
export { applyBoxDeltas, boxRefinement } from './boxes/refinement.ts';
export { extractBox } from './masks/extract-boxes.ts';
export {
  expandMask,
  minimizeMask,
  type ExpandOptions,
  type MinimizeOptions,
} from './masks/mini-mask.ts';
export { pasteMask, type PasteOptions } from './masks/paste-mask.ts';
export { resizeBilinear, type BilinearOptions } from './image/bilinear.ts';
export {
  resizeImage,
  type PixelImage,
  type ResizedImage,
  type ResizeMode,
  type ResizeOptions,
} from './image/resize-image.ts';
export { resizeMask } from './image/resize-mask.ts';
export type { Box, BoxArray, NormBoxes, PixelBoxes, Size } from './shapes.ts';

// Errors: each holds a stable code and the values that were wrong
export { DatasetError, ImageError } from './data/errors.ts';
export { ConfigError, MaskRcnnError, WeightFileError, WeightsMismatchError } from './errors.ts';

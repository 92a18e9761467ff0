/**
 * The RoIs that a training step would take on one image, with their targets (samples/coco/inspect_data.ipynb,
 * "ROIs"), in pixels of the network's input. Loads TensorFlow.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { pyramidAnchors } from '../../maskrcnn/boxes/anchors.ts';
import { denormBoxes } from '../../maskrcnn/boxes/normalisation.ts';
import { applyBoxDeltas } from '../../maskrcnn/boxes/refinement.ts';
import type { MaskRcnnConfig } from '../../maskrcnn/config.ts';
import { inferencePass } from '../../maskrcnn/layers/forward-pass.ts';
import { pasteMask } from '../../maskrcnn/masks/paste-mask.ts';
import { imagePyramid, regionProposals, regionScores } from '../../maskrcnn/model.ts';
import type { Parameters } from '../../maskrcnn/parameters.ts';
import { randomStream } from '../../maskrcnn/random.ts';
import type { Box, Size } from '../../maskrcnn/shapes.ts';
import type { AnnotatedImage } from '../../maskrcnn/training/annotated-image.ts';
import { batchTensors } from '../../maskrcnn/training/batch-tensors.ts';
import { buildBatch } from '../../maskrcnn/training/batch.ts';
import { detectionTargets } from '../../maskrcnn/training/detection-targets.ts';
import type { DrawnRoi } from '../../report/rois.ts';

export interface TrainingRoisOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  readonly image: AnnotatedImage;
  readonly seed: number;
}

/** Positives first; each positive refined by its target, with its target mask. */
export async function trainingRois(options: TrainingRoisOptions): Promise<DrawnRoi[]> {
  const targets = tf.tidy(() => targetsOf(options));
  try {
    const [rois, classIds, deltas, masks] = await Promise.all([
      targets.rois.data<'float32'>(),
      targets.classIds.data<'int32'>(),
      targets.deltas.data<'float32'>(),
      targets.masks.data<'float32'>(),
    ]);
    const { config, image } = options;
    const size: Size = [image.height, image.width];
    const positives = deltas.length / 4;
    const scaled = deltas.map((delta, i) => delta * (config.bboxStdDev[i % 4] ?? 1));
    const refined = denormBoxes(applyBoxDeltas(rois.subarray(0, deltas.length), scaled), size);
    const boxes = denormBoxes(rois, size);
    const maskLength = masks.length / Math.max(1, positives);
    return Array.from(classIds, (classId, index): DrawnRoi => {
      const box = boxAt(boxes, index);
      const hasArea = box[2] > box[0] && box[3] > box[1];
      if (classId === 0 || !hasArea) return { box, refined: box, classId };
      const mask = masks.subarray(index * maskLength, (index + 1) * maskLength);
      return {
        box,
        refined: boxAt(refined, index),
        classId,
        mask: pasteMask({ mask, maskSize: config.maskShape, box, imageSize: size }),
      };
    }).filter((_, index) => rois.subarray(4 * index, 4 * index + 4).some((value) => value !== 0));
  } finally {
    tf.dispose(Object.values(targets));
  }
}

function targetsOf({ config, parameters, image, seed }: TrainingRoisOptions) {
  const random = randomStream(seed, 'inspect', 'rois');
  const batch = batchTensors(buildBatch([image], config, random));
  const values = pyramidAnchors(config, [image.height, image.width]);
  const anchors = tf.tensor2d(values, [values.length / 4, 4]);
  const pass = inferencePass(parameters);
  const rpn = regionScores(pass, config, imagePyramid(pass, config, batch.images));
  const count = config.postNmsRoisTraining;
  const { boxes } = regionProposals({ config, rpn, anchors, count });
  const { rois, classIds, deltas, masks } = detectionTargets({
    ...batch,
    config,
    proposals: boxes,
  });
  return { rois, classIds, deltas, masks };
}

function boxAt(boxes: Int32Array, index: number): Box {
  const [y1 = 0, x1 = 0, y2 = 0, x2 = 0] = boxes.subarray(4 * index, 4 * index + 4);
  return [y1, x1, y2, x2];
}

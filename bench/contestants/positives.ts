/**
 * Weights with which a training step is what it is in a run: freshly drawn ones propose nothing on the lesion,
 * so that the mask head, which looks at such RoIs only, would have nothing to do.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import {
  buildBatch,
  pyramidAnchors,
  randomStream,
  type AnnotatedImage,
  type MaskRcnnConfig,
  type Parameters,
  type TrainBatch,
} from '../../maskrcnn/index.ts';
import { inferencePass } from '../../maskrcnn/layers/forward-pass.ts';
import { imagePyramid, regionProposals, regionScores } from '../../maskrcnn/model.ts';
import { batchTensors } from '../../maskrcnn/training/batch-tensors.ts';
import { detectionTargets } from '../../maskrcnn/training/detection-targets.ts';
import { SEED } from './model.ts';

/** After these, the RPN proposes a dozen boxes on the lesion (seen at 256 and 512 pixels). */
const SETTLING_STEPS = 6;
const LEARNING_RATE = 1e-3;

export interface Model {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
}

/** Trains on `images` until the RPN proposes boxes on their lesions. */
export function settle(
  { config }: Model,
  images: readonly AnnotatedImage[],
  step: (batch: TrainBatch, learningRate: number) => void,
): void {
  for (let i = 0; i < SETTLING_STEPS; i++) {
    step(buildBatch(images, config, randomStream(SEED, 'settling', i)), LEARNING_RATE);
  }
}

/** RoIs on a lesion, all images together, that a training step on `batch` would have. */
export function countPositives({ config, parameters }: Model, batch: TrainBatch): number {
  return tf.tidy(() => {
    const tensors = batchTensors(batch);
    const values = pyramidAnchors(config, batch.imageSize);
    const anchors = tf.tensor2d(values, [values.length / 4, 4]);
    const pass = inferencePass(parameters);
    const rpn = regionScores(pass, config, imagePyramid(pass, config, tensors.images));
    const count = config.postNmsRoisTraining;
    const { boxes } = regionProposals({ config, rpn, anchors, count });
    const { classIds } = detectionTargets({ ...tensors, config, proposals: boxes });
    return tf.sum(tf.greater(classIds, 0)).dataSync()[0] ?? 0;
  });
}

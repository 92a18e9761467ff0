/**
 * Weights with which a training step is what it is in a run: freshly drawn ones propose nothing on the lesion,
 * so that the mask head, which looks at such RoIs only, would have nothing to do.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import {
  buildBatch,
  type CompiledTrainer,
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

/** RoIs on the lesion, an image: about what torchvision samples on the same pictures. */
const WANTED = 6;
const LEARNING_RATE = 1e-3;
const MOST_STEPS = 40;
const STEPS_BETWEEN_LOOKS = 5;

export interface Model {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
}

/**
 * Trains all layers on `images` until a step would have enough RoIs on their lesions, or gives up.
 *
 * @returns how many it would have, an image
 */
export function trainUntilPositives(
  model: Model,
  images: readonly AnnotatedImage[],
  trainer: CompiledTrainer,
): number {
  const batchOf = (step: number) =>
    buildBatch(images, model.config, randomStream(SEED, 'settling', step));
  let positives = 0;
  for (let step = 1; step <= MOST_STEPS && positives < WANTED; step++) {
    trainer.step(batchOf(step), LEARNING_RATE);
    if (step % STEPS_BETWEEN_LOOKS !== 0) continue;
    trainer.sync();
    positives = countPositives(model, batchOf(0));
  }
  return positives;
}

/** RoIs on a lesion, an image, that a training step on `batch` would have. */
function countPositives({ config, parameters }: Model, batch: TrainBatch): number {
  return tf.tidy(() => {
    const tensors = batchTensors(batch);
    const values = pyramidAnchors(config, batch.imageSize);
    const anchors = tf.tensor2d(values, [values.length / 4, 4]);
    const pass = inferencePass(parameters);
    const rpn = regionScores(pass, config, imagePyramid(pass, config, tensors.images));
    const count = config.postNmsRoisTraining;
    const { boxes } = regionProposals({ config, rpn, anchors, count });
    const { classIds } = detectionTargets({ ...tensors, config, proposals: boxes });
    return (tf.sum(tf.greater(classIds, 0)).dataSync()[0] ?? 0) / batch.batchSize;
  });
}

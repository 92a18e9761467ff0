/**
 * A real network that needs no training: whatever it sees, it is as sure of each region as it is told to be, and the
 * mask is the whole box. Its score tells which version answered.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig, MaskRcnnConfigInput } from '../../../maskrcnn/config.ts';
import { Parameters } from '../../../maskrcnn/parameters.ts';
import { saveWeights } from '../../../maskrcnn/weights/load.ts';
import { tinyConfig } from '../../maskrcnn/export/tiny-model.ts';

/** Its regions are anchors, so they are large ones. */
export const sureConfig = (changes: MaskRcnnConfigInput = {}): MaskRcnnConfig =>
  tinyConfig({ detectionMaxInstances: 2, rpnAnchorScales: [48, 52, 56, 60, 64], ...changes });

/** Writes a Keras `.h5` file of a model whose every score is `confidence`; below a half it finds nothing. */
export async function writeSureModel(
  path: string,
  { config, confidence }: { readonly config: MaskRcnnConfig; readonly confidence: number },
): Promise<void> {
  using parameters = Parameters.initialise(config, 1);
  tf.tidy(() => {
    for (const layer of ['rpn_bbox_pred', 'mrcnn_class_logits', 'mrcnn_bbox_fc', 'mrcnn_mask']) {
      const kernel = parameters.get(`${layer}/kernel`);
      kernel.assign(tf.zerosLike(kernel));
    }
    const logit = Math.log(confidence / (1 - confidence));
    parameters.get('mrcnn_class_logits/bias').assign(tf.tensor1d([0, logit]));
    parameters.get('mrcnn_mask/bias').assign(tf.tensor1d([5, 5]));
  });
  await saveWeights(parameters, path);
}

/** Which anchors the RPN's losses look at, as a fixed number of rows. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';

export interface SampledAnchors {
  /** `[B, K]` int32, K at most `rpnTrainAnchorsPerImage`: by rising index, then neutral ones. */
  readonly indices: tf.Tensor2D;
  /** `[B, K]` int32: what `rpnMatch` says of each. */
  readonly match: tf.Tensor2D;
}

/**
 * The anchors of `rpnMatch [B, A]` (1 positive, -1 negative, 0 neutral) that are not neutral. At most
 * `rpnTrainAnchorsPerImage` an image may be so, as `buildRpnTargets` sees to. Off the tape.
 */
export function sampledAnchors(
  rpnMatch: tf.Tensor2D,
  { rpnTrainAnchorsPerImage }: Pick<MaskRcnnConfig, 'rpnTrainAnchorsPerImage'>,
): SampledAnchors {
  const [batch, anchors] = rpnMatch.shape;
  const count = Math.min(rpnTrainAnchorsPerImage, anchors);
  // Ranks that fall along the anchors: the highest ones are those of the sampled, by rising index.
  const rank = tf.range(anchors, 0, -1);
  const { indices } = tf.topk(tf.mul(tf.abs(tf.cast(rpnMatch, 'float32')), rank), count);
  const firstOfImage = tf.range(0, batch * anchors, anchors, 'int32').expandDims(1);
  const match = tf.gather(rpnMatch.flatten(), tf.add(indices, firstOfImage).flatten());
  return { indices: indices as tf.Tensor2D, match: match.reshape([batch, count]) };
}

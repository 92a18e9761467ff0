/**
 * From the RPN's scores and deltas to proposals: `ProposalLayer` of mrcnn/model.py. The best anchors by
 * score, refined, clipped to the image, thinned by non-maximum suppression, zero-padded to a fixed count.
 * No minimum size.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { MaskRcnnError } from '../errors.ts';
import { applyDeltas } from '../layers/box-coder.ts';
import { maskRows, padRows } from '../layers/padding.ts';

export interface ProposalInput {
  readonly config: MaskRcnnConfig;
  /** `[B, A]`: probability that an anchor holds an object. */
  readonly scores: tf.Tensor2D;
  /** `[B, A, (dy, dx, log dh, log dw)]`, in units of `rpnBboxStdDev`. */
  readonly deltas: tf.Tensor3D;
  /** `[A, (y1, x1, y2, x2)]`, normalised. */
  readonly anchors: tf.Tensor2D;
  /** Proposals an image: `postNmsRoisTraining` or `postNmsRoisInference`. */
  readonly count: number;
}

export interface Proposals {
  /** `[B, count, (y1, x1, y2, x2)]`, normalised, within 0…1, by falling score, then zeros. */
  readonly boxes: tf.Tensor3D;
  /** `[B, count]` int32: the anchor each box was made from; 0 at the padding. */
  readonly anchorIndices: tf.Tensor2D;
}

/**
 * Proposals of every image. Some ops have no gradient: call it off the tape.
 *
 * @throws MaskRcnnError when there is not one score for each anchor.
 */
export function proposals(input: ProposalInput): Proposals {
  requireOneScoreEach(input);
  const scores = tf.unstack(input.scores) as tf.Tensor1D[];
  const deltas = tf.unstack(input.deltas) as tf.Tensor2D[];
  const images = scores.map((score, image) =>
    proposalsOfImage(input, score, deltas[image] as tf.Tensor2D),
  );
  return {
    boxes: tf.stack(images.map((image) => image.boxes)) as tf.Tensor3D,
    anchorIndices: tf.stack(images.map((image) => image.anchorIndices)) as tf.Tensor2D,
  };
}

function requireOneScoreEach({ config, scores, anchors }: ProposalInput): void {
  const [made, scored] = [anchors.shape[0], scores.shape[1]];
  if (made === scored) return;
  throw new MaskRcnnError(
    `the config makes ${String(made)} anchors where the network scores ${String(scored)}: ` +
      `backboneStrides must be the strides of its levels, 4, 8, 16, 32 and 64, got ${config.backboneStrides.join(', ')}`,
    { code: 'anchor-count', values: { made, scored } },
  );
}

function proposalsOfImage(
  { config, anchors, count }: ProposalInput,
  scores: tf.Tensor1D,
  deltas: tf.Tensor2D,
): { boxes: tf.Tensor2D; anchorIndices: tf.Tensor1D } {
  const limit = Math.min(config.preNmsLimit, anchors.shape[0]);
  const { values, indices } = tf.topk(scores, limit);
  const scaled = tf.mul<tf.Tensor2D>(tf.gather(deltas, indices), [...config.rpnBboxStdDev]);
  const refined = applyDeltas(tf.gather(anchors, indices), scaled);
  const candidates = tf.clipByValue(refined, 0, 1);
  const { selectedIndices, validOutputs } = suppress(candidates, values, {
    count,
    threshold: config.rpnNmsThreshold,
  });
  const valid = tf.less<tf.Tensor1D>(
    tf.range(0, selectedIndices.shape[0], 1, 'int32'),
    validOutputs,
  );
  const boxes = maskRows(tf.gather(candidates, selectedIndices), valid);
  const chosen = tf.gather(indices, selectedIndices);
  const anchorIndices = tf.mul<tf.Tensor1D>(chosen, tf.cast(valid, 'int32'));
  return { boxes: padRows(boxes, count), anchorIndices: padRows(anchorIndices, count) };
}

/** Non-maximum suppression whose output has `min(count, N)` rows whatever the data. */
function suppress(
  boxes: tf.Tensor2D,
  scores: tf.Tensor1D,
  { count, threshold }: { readonly count: number; readonly threshold: number },
): { selectedIndices: tf.Tensor1D; validOutputs: tf.Scalar } {
  const padded = tf.image.nonMaxSuppressionPadded(
    boxes,
    scores,
    count,
    threshold,
    Number.NEGATIVE_INFINITY,
    true,
  );
  return padded as unknown as { selectedIndices: tf.Tensor1D; validOutputs: tf.Scalar };
}

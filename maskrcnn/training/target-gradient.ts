/**
 * The box targets as a function of the RPN's output. `detection_targets_graph` (mrcnn/model.py) has no
 * stop-gradient: its deltas lead from a proposal to its truth box, so the box loss also moves the RPN's
 * refinement of the anchor that the proposal came from (parity note 1; `gradientThroughTargets`).
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import { applyDeltas, boxDeltas } from '../layers/box-coder.ts';
import { noTape } from '../layers/no-tape.ts';
import { maskRows } from '../layers/padding.ts';

/** Where the positive RoI slots came from. Constants to the gradient. */
export interface TargetOrigin {
  /** `[B, P]` int32: the anchor that was refined into the RoI; any at unused slots. */
  readonly anchorIndices: tf.Tensor2D;
  /** `[B, P, (y1, x1, y2, x2)]`: the RoI's truth box, normalised; any box with an area at unused slots. */
  readonly gtBoxes: tf.Tensor3D;
}

export interface DeltasThroughProposalsOptions {
  readonly config: MaskRcnnConfig;
  /** `[B, P, 4]`: the RPN's refinements of the anchors in `origin`. */
  readonly rpnDeltas: tf.Tensor3D;
  /** `[A, 4]`, normalised. */
  readonly anchors: tf.Tensor2D;
  readonly origin: TargetOrigin;
  /** `[B, P]` int32: 0 at unused slots. */
  readonly classIds: tf.Tensor2D;
}

/** `[B, P, 4]` in units of `bboxStdDev`: the targets' deltas again, on the tape. */
export function deltasThroughProposals(options: DeltasThroughProposalsOptions): tf.Tensor3D {
  const { config, rpnDeltas, anchors, origin, classIds } = options;
  const [batch, slots] = classIds.shape;
  const { chosenAnchors, used, whole } = noTape(() => {
    const valid = tf.greater(classIds, 0).reshape<tf.Tensor1D>([batch * slots]);
    return {
      chosenAnchors: tf.gather(anchors, origin.anchorIndices.flatten()),
      used: valid,
      whole: tf.tile(tf.tensor2d([[0, 0, 1, 1]]), [batch * slots, 1]),
    };
  });
  const deltasOfAnchors = rpnDeltas.reshape<tf.Tensor2D>([batch * slots, 4]);
  const refined = applyDeltas(chosenAnchors, tf.mul(deltasOfAnchors, [...config.rpnBboxStdDev]));
  // Unused slots are computed on a harmless box, so that no infinity meets a zero.
  const rois = tf.where(used.expandDims(1), tf.clipByValue(refined, 0, 1), whole);
  const gtBoxes = origin.gtBoxes.reshape<tf.Tensor2D>([batch * slots, 4]);
  const deltas = tf.div<tf.Tensor2D>(boxDeltas(rois, gtBoxes), [...config.bboxStdDev]);
  return maskRows(deltas, used).reshape([batch, slots, 4]);
}

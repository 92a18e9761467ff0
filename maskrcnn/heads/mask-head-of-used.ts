/**
 * The mask head on the RoI slots that are in use. A lesion fills a few of the 66 slots for positives in
 * training, and of the 100 for detections, but shapes are static: so the slots, of which the used ones come
 * first, go through in chunks, and a chunk without a used slot is skipped, forwards and backwards.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { zerosUnless } from '../../graph/zeros-unless.ts';
import type { ForwardPass } from '../layers/forward-pass.ts';
import { noTape } from '../layers/no-tape.ts';
import { pyramidRoiAlign, type RoiAlignOptions } from '../layers/roi-align.ts';
import { maskLogits } from './mask-head.ts';

/** Slots of the first chunk: one lesion is rarely found by more RoIs. Each next chunk doubles their number. */
const FIRST_CHUNK = 4;

/** Everything of the head that a gradient may reach. */
const WEIGHTS = [
  ...['1', '2', '3', '4'].flatMap((index) => [
    `mrcnn_mask_conv${index}/kernel`,
    `mrcnn_mask_conv${index}/bias`,
    `mrcnn_mask_bn${index}/gamma`,
    `mrcnn_mask_bn${index}/beta`,
  ]),
  'mrcnn_mask_deconv/kernel',
  'mrcnn_mask_deconv/bias',
  'mrcnn_mask/kernel',
  'mrcnn_mask/bias',
];

export interface UsedSlots extends RoiAlignOptions {
  /** `[B, N]` bool: in each image the used slots come first; the RoIs of all others are zeros. */
  readonly used: tf.Tensor2D;
}

/**
 * As `maskHead`, but that the logits of a chunk without a used slot are zeros. Not for batch statistics in
 * the head's norms: those are of all slots.
 */
export function maskHeadOfUsed(
  pass: ForwardPass,
  levels: readonly tf.Tensor4D[],
  { used, ...align }: UsedSlots,
): tf.Tensor5D {
  const [batch, slots] = used.shape;
  const sizes = chunkSizes(slots);
  // Far outside, a crop costs nothing: it is zero.
  const rois = noTape(() =>
    tf.sub(align.rois, tf.cast(tf.logicalNot(used), 'float32').expandDims(2)),
  );
  const crops = pyramidRoiAlign(levels, { ...align, rois: rois as tf.Tensor3D });
  const ofSlots = crops.reshape([batch, slots, ...crops.shape.slice(1)]);
  const weights = WEIGHTS.map((name) => pass.weight(name));
  const [classes = 0] = pass.weight('mrcnn_mask/bias').shape;
  const [height, width] = [crops.shape[1] * 2, crops.shape[2] * 2];

  const usedOfChunk = noTape(() => inChunks(used, sizes).map((chunk) => tf.any(chunk)));
  const logits = inChunks(ofSlots, sizes).map((chunk, index) => {
    const predicate = usedOfChunk[index] as tf.Tensor;
    const rows = batch * (sizes[index] ?? 0);
    const ofRows = zerosUnless(
      {
        predicate,
        inputs: [chunk.reshape([rows, ...crops.shape.slice(1)]), ...weights],
        shape: [rows, height, width, classes],
      },
      ([inside, ...entered]) => maskLogits(withWeights(pass, entered), inside as tf.Tensor4D),
    );
    return ofRows.reshape([batch, -1, height, width, classes]);
  });
  return tf.concat(logits, 1) as tf.Tensor5D;
}

/** TensorFlow.js has no gradient for a split in one. */
function inChunks(ofSlots: tf.Tensor, sizes: number[]): tf.Tensor[] {
  return sizes.length === 1 ? [ofSlots] : tf.split(ofSlots, sizes, 1);
}

/** The pass with `values` in place of the head's weights. */
function withWeights(pass: ForwardPass, values: readonly tf.Tensor[]): ForwardPass {
  const entered = new Map(WEIGHTS.map((name, index) => [name, values[index]]));
  return { ...pass, weight: (name) => entered.get(name) ?? pass.weight(name) };
}

/** 4, 4, 8, 16, … up to `slots`; a rest smaller than the chunk before it joins that one. */
export function chunkSizes(slots: number): number[] {
  const sizes: number[] = [];
  for (let done = 0; done < slots;) {
    const left = slots - done;
    const wanted = Math.max(FIRST_CHUNK, done);
    const size = left < 2 * wanted ? left : wanted;
    sizes.push(size);
    done += size;
  }
  return sizes;
}

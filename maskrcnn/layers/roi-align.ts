/**
 * Pyramid RoIAlign: `PyramidROIAlign` of mrcnn/model.py (FPN paper, equation 1). Each RoI is cropped from
 * the level that its size asks for.
 *
 * Differs in how, not in what: instead of sorting RoIs by level, each level crops all of them, with boxes
 * moved outside the image where the RoI belongs to another level. Such a crop is zero and nearly free,
 * the crops of the levels add up, and every shape is static.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { cropAndResize } from './crop-and-resize.ts';
import { noTape } from './no-tape.ts';

const FIRST_LEVEL = 2;
const LAST_LEVEL = 5;
/** Side, in pixels, of the RoI that is read from level 4 (ImageNet's crop). */
const CANONICAL_SIDE = 224;

export interface RoiAlignOptions {
  /** `[B, N, (y1, x1, y2, x2)]`, normalised. */
  readonly rois: tf.Tensor3D;
  /** Height and width of the network's input in pixels. */
  readonly imageSize: readonly [number, number];
  /** Side of a crop. */
  readonly poolSize: number;
}

/** `levels` P2…P5, each `[B, H, W, C]` → `[B * N, poolSize, poolSize, C]`. */
export function pyramidRoiAlign(
  levels: readonly tf.Tensor4D[],
  { rois, imageSize, poolSize }: RoiAlignOptions,
): tf.Tensor4D {
  const [batch, count] = rois.shape;
  const { boxesOfLevel, boxIndices } = noTape(() => {
    const boxes = rois.reshape<tf.Tensor2D>([batch * count, 4]);
    const level = roiLevel(boxes, imageSize);
    const outside = tf.fill<tf.Rank.R2>([batch * count, 4], -1);
    return {
      boxesOfLevel: levels.map((_, index) =>
        tf.where(tf.equal(level, index + FIRST_LEVEL), boxes, outside),
      ),
      boxIndices: tf.tile(tf.range(0, batch, 1, 'int32').expandDims(1), [1, count]).flatten(),
    };
  });
  const crops = levels.map((features, index) =>
    cropAndResize(features, {
      boxes: boxesOfLevel[index] as tf.Tensor2D,
      boxIndices,
      cropSize: [poolSize, poolSize],
    }),
  );
  return tf.addN(crops);
}

/**
 * Pyramid level (2…5) of each of `boxes [N, 4]`, as `[N, 1]` float32: `4 + round(log2(sqrt(h w) / 224))`
 * with h and w in pixels, half rounded to even, clamped. An empty box goes to level 2.
 */
export function roiLevel(
  boxes: tf.Tensor2D,
  [imageHeight, imageWidth]: readonly [number, number],
): tf.Tensor2D {
  const [y1, x1, y2, x2] = tf.split(boxes, 4, 1) as [Column, Column, Column, Column];
  const area = tf.mul(tf.sub(y2, y1), tf.sub(x2, x1));
  const canonical = CANONICAL_SIDE / Math.sqrt(imageHeight * imageWidth);
  const octaves = tf.div(tf.log(tf.div(tf.sqrt(area), canonical)), Math.LN2);
  return tf.clipByValue(tf.add(tf.round(octaves), 4), FIRST_LEVEL, LAST_LEVEL);
}

type Column = tf.Tensor2D;

/**
 * TensorFlow's `CropAndResize` (bilinear, samples from y1 (H - 1) to y2 (H - 1), one a bin, zero outside)
 * with its gradient to the image, which TensorFlow.js lacks: the raw op `CropAndResizeGradImage`. Boxes
 * get no gradient, as in Matterport, which stops it there.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { rawOp } from './raw-op.ts';

export interface CropAndResizeOptions {
  /** `[N, (y1, x1, y2, x2)]`, normalised. */
  readonly boxes: tf.Tensor2D;
  /** `[N]` int32: the image of each box. */
  readonly boxIndices: tf.Tensor1D;
  /** Height and width of a crop. */
  readonly cropSize: [number, number];
}

/** `image [B, H, W, C]` → crops `[N, height, width, C]`. */
export function cropAndResize(
  image: tf.Tensor4D,
  { boxes, boxIndices, cropSize }: CropAndResizeOptions,
): tf.Tensor4D {
  const crop = tf.customGrad((x, save) => {
    (save as tf.GradSaveFunc)([boxes, boxIndices]);
    return {
      value: tf.image.cropAndResize(x as tf.Tensor4D, boxes, boxIndices, cropSize),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradientToImage(dy, saved, image.shape),
    };
  });
  return crop(image);
}

function gradientToImage(
  dy: tf.Tensor,
  saved: readonly tf.Tensor[],
  imageShape: readonly number[],
): tf.Tensor {
  return tf.tidy(() =>
    rawOp({
      op: 'CropAndResizeGradImage',
      attributes: { T: 'float32', method: 'bilinear' },
      inputs: [dy, ...saved, tf.tensor1d([...imageShape], 'int32')],
    }),
  );
}

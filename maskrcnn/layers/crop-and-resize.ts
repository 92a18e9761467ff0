/**
 * TensorFlow's `CropAndResize` (bilinear, samples from y1 (H - 1) to y2 (H - 1), one a bin, zero outside)
 * with its gradient to the image, which TensorFlow.js lacks: the raw op `CropAndResizeGradImage`. Boxes
 * get no gradient, as in Matterport, which stops it there.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';

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
    const save_ = save as tf.GradSaveFunc;
    save_([boxes, boxIndices]);
    return {
      value: tf.image.cropAndResize(x as tf.Tensor4D, boxes, boxIndices, cropSize),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => gradientToImage(dy, saved, image.shape),
    };
  });
  return crop(image) as tf.Tensor4D;
}

/** The part of the node backend that runs an op by name. */
interface RawOpBackend {
  readonly binding: Readonly<Record<'TF_ATTR_TYPE' | 'TF_ATTR_STRING' | 'TF_FLOAT', number>>;
  executeSingleOutput(
    op: string,
    attributes: readonly { name: string; type: number; value: number | string }[],
    inputs: readonly tf.Tensor[],
  ): tf.Tensor;
}

function gradientToImage(
  dy: tf.Tensor,
  saved: readonly tf.Tensor[],
  imageShape: readonly number[],
): tf.Tensor {
  const backend = tf.backend() as unknown as RawOpBackend;
  const { TF_ATTR_TYPE, TF_ATTR_STRING, TF_FLOAT } = backend.binding;
  return tf.tidy(() =>
    backend.executeSingleOutput(
      'CropAndResizeGradImage',
      [
        { name: 'T', type: TF_ATTR_TYPE, value: TF_FLOAT },
        { name: 'method', type: TF_ATTR_STRING, value: 'bilinear' },
      ],
      [dy, ...saved, tf.tensor1d([...imageShape], 'int32')],
    ),
  );
}

/**
 * The whole detection as a SavedModel for Python's TensorFlow and TF Serving: molded image in, boxes,
 * classes, scores and masks out. Weights and anchors are constants of the graph; batch 1, one size.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { exportSavedModel } from '../../graph/export-saved-model.ts';
import type { FunctionGraph } from '../../graph/graph.ts';
import { pyramidAnchors } from '../boxes/anchors.ts';
import type { MaskRcnnConfig } from '../config.ts';
import { detectionForward } from '../model.ts';
import type { Parameters } from '../parameters.ts';
import type { Size } from '../shapes.ts';

export interface ExportDetectionOptions {
  readonly config: MaskRcnnConfig;
  readonly parameters: Parameters;
  /** Receives `saved_model.pb`. */
  readonly folder: string;
  /** Of the molded image, in pixels; `imageMaxDim` squared when left out. */
  readonly imageSize?: Size;
}

/**
 * Writes the signature `serving_default`, all float32 but for the class ids:
 *
 * | | name | shape | |
 * |---|---|---|---|
 * | in | `image` | `[1, H, W, 3]` | molded: RGB minus `meanPixel` |
 * | in | `window` | `[1, (y1, x1, y2, x2)]` | normalised; the part that is not padding |
 * | out | `boxes` | `[1, D, (y1, x1, y2, x2)]` | normalised, by falling score, zeros after the last |
 * | out | `class_ids` | `[1, D]` int32 | 0 marks an empty slot |
 * | out | `scores` | `[1, D]` | 0 to 1 |
 * | out | `masks` | `[1, D, h, w]` | probability of the class in the box, 0 to 1 |
 */
export function exportDetection(options: ExportDetectionOptions): FunctionGraph {
  const { config, parameters, folder } = options;
  const [height, width] = options.imageSize ?? [config.imageMaxDim, config.imageMaxDim];
  const anchorValues = pyramidAnchors(config, [height, width]);
  return exportSavedModel(
    ({ image, window }) => {
      const anchors = tf.tensor2d(anchorValues, [anchorValues.length / 4, 4]);
      const images = image as tf.Tensor4D;
      const windows = window as tf.Tensor2D;
      const { detections, masks } = detectionForward({
        config,
        parameters,
        images,
        windows,
        anchors,
      });
      const [boxes, classIds, scores] = tf.split(detections, [4, 1, 1], 2);
      if (boxes === undefined || classIds === undefined || scores === undefined) {
        throw new RangeError(`detections must have 6 columns, got ${String(detections.shape)}`);
      }
      return {
        outputs: {
          boxes,
          class_ids: classIds.squeeze([2]).toInt(),
          scores: scores.squeeze([2]),
          masks,
        },
      };
    },
    {
      inputs: {
        image: { shape: [1, height, width, 3], dtype: 'float32' },
        window: { shape: [1, 4], dtype: 'float32' },
      },
      variables: parameters.specs.map(({ name }) => parameters.get(name)),
      precision: config.precision,
      folder,
    },
  );
}

/** A training batch as tensors: what `buildBatch` made on the host, in the shapes of the train step. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { BatchTensors } from '../model.ts';
import type { TrainBatch } from './batch.ts';

/** The caller owns the tensors: dispose of them with `tf.dispose`. */
export function batchTensors(batch: TrainBatch): BatchTensors {
  const { batchSize: images, imageSize, maskSize } = batch;
  const gtSlots = batch.gtClassIds.length / images;
  return {
    images: tf.tensor4d(batch.images, [images, ...imageSize, 3]),
    rpnMatch: tf.tensor2d(batch.rpnMatch, [images, batch.rpnMatch.length / images], 'int32'),
    rpnBbox: tf.tensor3d(batch.rpnBbox, [images, batch.rpnBbox.length / images / 4, 4]),
    gtClassIds: tf.tensor2d(batch.gtClassIds, [images, gtSlots], 'int32'),
    gtBoxes: tf.tensor3d(batch.gtBoxes, [images, gtSlots, 4]),
    gtMasks: tf.tensor4d(batch.gtMasks, [images, ...maskSize, gtSlots]),
    roiKeys: tf.tensor2d(batch.roiKeys, [images, batch.roiKeys.length / images]),
    activeClassIds: tf.tensor2d(
      batch.activeClassIds,
      [images, batch.activeClassIds.length / images],
      'int32',
    ),
    ...(batch.inputRois === undefined
      ? {}
      : {
          inputRois: tf.tensor3d(batch.inputRois, [images, batch.inputRois.length / images / 4, 4]),
        }),
  };
}

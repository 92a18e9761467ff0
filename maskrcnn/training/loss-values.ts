/** The losses of one step: as scalar tensors inside the step, as numbers outside. */
import type * as tf from '@tensorflow/tfjs-node-gpu';

/** Matterport's five losses (before the loss weights), L2, and the total that is minimised. */
export interface Losses {
  readonly total: number;
  readonly rpnClass: number;
  readonly rpnBbox: number;
  readonly mrcnnClass: number;
  readonly mrcnnBbox: number;
  readonly mrcnnMask: number;
  readonly l2: number;
}

export type LossTensors = Readonly<Record<keyof Losses, tf.Scalar>>;

/** The five losses of the model, without L2 and total. */
export type ModelLosses = Omit<LossTensors, 'total' | 'l2'>;

/** Reads the losses to the host. */
export function readLosses(losses: LossTensors): Losses {
  const read = (loss: tf.Scalar) => loss.dataSync()[0] ?? Number.NaN;
  return {
    total: read(losses.total),
    rpnClass: read(losses.rpnClass),
    rpnBbox: read(losses.rpnBbox),
    mrcnnClass: read(losses.mrcnnClass),
    mrcnnBbox: read(losses.mrcnnBbox),
    mrcnnMask: read(losses.mrcnnMask),
    l2: read(losses.l2),
  };
}

/** The mean of each loss, over one step or more. */
export function meanLosses(all: readonly Losses[]): Losses {
  const mean = (name: keyof Losses) =>
    all.reduce((sum, losses) => sum + losses[name], 0) / all.length;
  return {
    total: mean('total'),
    rpnClass: mean('rpnClass'),
    rpnBbox: mean('rpnBbox'),
    mrcnnClass: mean('mrcnnClass'),
    mrcnnBbox: mean('mrcnnBbox'),
    mrcnnMask: mean('mrcnnMask'),
    l2: mean('l2'),
  };
}

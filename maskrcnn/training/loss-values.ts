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
  return eachLoss((name) => read(losses[name]));
}

/** What sums of losses begin with. */
export const NO_LOSSES: Losses = {
  total: 0,
  rpnClass: 0,
  rpnBbox: 0,
  mrcnnClass: 0,
  mrcnnBbox: 0,
  mrcnnMask: 0,
  l2: 0,
};

/** Loss by loss. Numbers are added in the order of the steps: an epoch in two parts has the very same sums. */
export function addLosses(sums: Losses, losses: Losses): Losses {
  return eachLoss((name) => sums[name] + losses[name]);
}

/** Mean losses, from their sums over `count` steps. */
export function meanOfSums(sums: Losses, count: number): Losses {
  return eachLoss((name) => sums[name] / count);
}

/** The mean of each loss, over one step or more. */
export function meanLosses(all: readonly Losses[]): Losses {
  return meanOfSums(all.reduce(addLosses, NO_LOSSES), all.length);
}

function eachLoss(value: (name: keyof Losses) => number): Losses {
  return {
    total: value('total'),
    rpnClass: value('rpnClass'),
    rpnBbox: value('rpnBbox'),
    mrcnnClass: value('mrcnnClass'),
    mrcnnBbox: value('mrcnnBbox'),
    mrcnnMask: value('mrcnnMask'),
    l2: value('l2'),
  };
}

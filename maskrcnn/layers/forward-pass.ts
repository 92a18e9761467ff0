/**
 * What the layers of one forward pass share: where weights come from, which of them are being trained,
 * and how the norm layers find their statistics. Made anew for each pass; owns nothing.
 */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import type { WeightSource } from '../parameters.ts';

/** Names of the heads' layers begin so. */
const HEADS = 'mrcnn_';

export interface ForwardPass {
  /** The value of a parameter, such as `res2a_branch2a/kernel`. */
  weight(name: string): tf.Tensor;
  /** Is a parameter of one of the layers whose name starts with `prefix` being trained? */
  trains(prefix: string): boolean;
  /**
   * What a norm layer divides by: the stored averages of batch norm, mean and variance of the whole batch
   * that flows through, or those of each image and group of channels.
   */
  statisticsOf(norm: string): 'moving' | 'batch' | 'group';
  /** Groups of channels of group norm. */
  readonly normGroups: number;
  /** What the moving statistics keep of themselves at a step. */
  readonly normMomentum: number;
  /**
   * New values of the moving statistics by parameter, filled in by the layers of a pass normalised by the
   * batch; they outlive every tidy scope and belong to whoever made the pass.
   */
  readonly movingStatistics: Map<string, tf.Tensor>;
}

/** A pass that trains nothing: detection and validation. */
export function inferencePass(parameters: WeightSource): ForwardPass {
  const { normalization, normGroups } = parameters.norm;
  return {
    weight: (name) => parameters.get(name),
    trains: () => false,
    statisticsOf: () => (normalization === 'group' ? 'group' : 'moving'),
    normGroups,
    normMomentum: 1,
    movingStatistics: new Map(),
  };
}

/**
 * A pass that trains the parameters named by `trainable`. With `trainBn` batch norm normalises by the
 * batch everywhere, but keeps the averages of a layer only where the layer is trained, as Keras does.
 * Group norm has no averages, so that `trainBn` does not matter to it.
 */
export function trainingPass(options: {
  readonly parameters: WeightSource;
  readonly trainable: readonly string[];
  readonly config: Pick<MaskRcnnConfig, 'trainBn' | 'bnMomentum'>;
}): ForwardPass {
  const { parameters, trainable } = options;
  const { trainBn, bnMomentum } = options.config;
  const inference = inferencePass(parameters);
  const isBatch = (norm: string) =>
    trainBn === true || (trainBn === 'backbone' && !norm.startsWith(HEADS));
  return {
    ...inference,
    trains: (prefix) => trainable.some((name) => name.startsWith(prefix)),
    statisticsOf: (norm) => {
      const stored = inference.statisticsOf(norm);
      return stored === 'moving' && isBatch(norm) ? 'batch' : stored;
    },
    normMomentum: bnMomentum,
  };
}

/** The optimizer's state on disk: velocities by weight name, in the layout of a weight file. */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import { LesionFlowError } from '../contracts/errors.ts';
import type { ParameterSpec } from '../maskrcnn/parameters.ts';
import type { MomentumValues } from '../maskrcnn/training/momentum.ts';
import { readKerasWeights, writeKerasWeights } from '../maskrcnn/weights/keras-h5.ts';
import { weightLayers } from '../maskrcnn/weights/load.ts';

/** The file's velocities are not those of the parameters that are trained. */
class MomentumMismatchError extends LesionFlowError {
  constructor(path: string, name: string) {
    super(
      `The optimizer state ${path} has no velocity for "${name}" in its shape: it was saved while other ` +
        'layers were trained. Start the stage at its first epoch, where momentum begins at zero.',
      { code: 'momentum-mismatch', retryable: false, values: { path, name } },
    );
  }
}

export interface MomentumToSave {
  /** The trained parameters, in Keras' order. */
  readonly trainable: readonly ParameterSpec[];
  readonly momentum: ReadonlyMap<string, tf.Tensor>;
}

export async function saveMomentum(
  { trainable, momentum }: MomentumToSave,
  path: string,
): Promise<void> {
  const values = ({ name }: ParameterSpec) => {
    const velocity = momentum.get(name);
    if (velocity === undefined) throw new MomentumMismatchError(path, name);
    return velocity.dataSync<'float32'>();
  };
  await writeKerasWeights(path, weightLayers(trainable, values));
}

/** Throws `MomentumMismatchError`, and `WeightFileError` for a file that cannot be read. */
export async function readMomentum(
  path: string,
  trainable: readonly ParameterSpec[],
): Promise<MomentumValues> {
  using file = await readKerasWeights(path);
  const stored = new Map(
    file.layers.flatMap(({ weights }) => weights.map((weight) => [weight.name, weight] as const)),
  );
  return new Map(
    trainable.map(({ name, shape }) => {
      const weight = stored.get(name);
      if (weight === undefined || String(weight.shape) !== String(shape)) {
        throw new MomentumMismatchError(path, name);
      }
      return [name, weight.read()] as const;
    }),
  );
}

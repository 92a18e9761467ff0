/**
 * The training state beside the weights on disk, in the layout of a weight file: the optimizer's slots, and
 * the averages of the weights.
 */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import { LesionFlowError } from '../contracts/errors.ts';
import type { SlotSpec, SlotValues } from '../maskrcnn/training/slots.ts';
import { readKerasWeights, writeKerasWeights } from '../maskrcnn/weights/keras-h5.ts';
import { weightLayers } from '../maskrcnn/weights/load.ts';

/** The file's values are not those of the optimizer and the parameters that are trained. */
class StateMismatchError extends LesionFlowError {
  constructor(path: string, name: string) {
    super(
      `The training state ${path} has no "${name}" in its shape: it was saved with another optimizer or while ` +
        "other layers were trained. Start the stage at its first epoch, where the optimizer's state begins.",
      { code: 'training-state-mismatch', retryable: false, values: { path, name } },
    );
  }
}

/** Writes the slots of `specs`, in their order. */
export async function saveSlots(
  path: string,
  specs: readonly SlotSpec[],
  slots: ReadonlyMap<string, tf.Tensor>,
): Promise<void> {
  const values = ({ name }: SlotSpec) => {
    const slot = slots.get(name);
    if (slot === undefined) throw new StateMismatchError(path, name);
    return slot.dataSync<'float32'>();
  };
  await writeKerasWeights(path, weightLayers(specs, values));
}

/**
 * The values of `specs`, which may be some of the file's. Throws `StateMismatchError`, and
 * `WeightFileError` for a file that cannot be read.
 */
export async function readState(
  path: string,
  specs: readonly Pick<SlotSpec, 'name' | 'shape'>[],
): Promise<SlotValues> {
  using file = await readKerasWeights(path);
  const stored = new Map(
    file.layers.flatMap(({ weights }) => weights.map((weight) => [weight.name, weight] as const)),
  );
  return new Map(
    specs.map(({ name, shape }) => {
      const value = stored.get(name);
      if (value === undefined || String(value.shape) !== String(shape)) {
        throw new StateMismatchError(path, name);
      }
      return [name, value.read()] as const;
    }),
  );
}

/**
 * Weight files as Keras 2.2.4 writes and reads them (`save_weights`, engine/saving.py): a group a layer
 * with the attribute `weight_names`, the root's attribute `layer_names`, and datasets named
 * `layer/weight:0` inside of the group. A whole model's file (`model.save`) has them under
 * `model_weights`. Values are float32; gzip and plain storage read alike.
 *
 * Differs on purpose: layers without weights (activations, paddings) are not written.
 */
import { randomUUID } from 'node:crypto';
import { rename, rm, truncate } from 'node:fs/promises';
import { Dataset, Group } from 'h5wasm/node';
import { WeightFileError } from '../errors.ts';
import { openHdf5, withoutTimeStamps, withReason } from './hdf5.ts';
import { readNames, writeNames } from './name-lists.ts';

export interface StoredWeight {
  /** Without Keras' `:0`, such as `conv1/kernel`. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Reads the values, row by row. */
  read(): Float32Array;
}

export interface StoredLayer {
  /** Name of the group, such as `conv1` or `rpn_model`. */
  readonly layer: string;
  readonly weights: readonly StoredWeight[];
}

/** An open weight file; values are read from the disk when asked for, until it is disposed. */
export interface WeightFile extends Disposable {
  readonly path: string;
  /** Layers that have weights, in the file's order. */
  readonly layers: readonly StoredLayer[];
}

/** @throws WeightFileError when the file is missing, not HDF5, cut off, or not laid out as Keras does. */
export async function readKerasWeights(path: string): Promise<WeightFile> {
  const open = await openHdf5(path, 'r');
  try {
    const layers = withReason(path, () => readLayers(open.file, path));
    return {
      path,
      layers,
      [Symbol.dispose]: () => {
        open[Symbol.dispose]();
      },
    };
  } catch (error) {
    open[Symbol.dispose]();
    throw error;
  }
}

function readLayers(file: Group, path: string): StoredLayer[] {
  const model = file.get('model_weights');
  const root =
    readNames(file, 'layer_names') === undefined && model instanceof Group ? model : file;
  const names = readNames(root, 'layer_names');
  if (names === undefined) {
    const isKeras3 = file.get('layers') instanceof Group;
    throw new WeightFileError(
      path,
      isKeras3
        ? "it is in the format of Keras 3, which has no layers' names: save it by tf_keras (TF_USE_LEGACY_KERAS=1)"
        : 'it has no attribute layer_names, so Keras did not write it',
    );
  }
  return names
    .map((layer) => {
      const group = root.get(layer);
      if (!(group instanceof Group)) throw new WeightFileError(path, `group ${layer} is missing`);
      const weights = readNames(group, 'weight_names') ?? [];
      return { layer, weights: weights.map((name) => storedWeight(group, name, path)) };
    })
    .filter(({ weights }) => weights.length > 0);
}

function storedWeight(group: Group, name: string, path: string): StoredWeight {
  const dataset = group.get(name);
  if (!(dataset instanceof Dataset)) {
    throw new WeightFileError(path, `dataset ${group.path}/${name} is missing`);
  }
  return {
    name: name.replace(/:\d+$/, ''),
    shape: dataset.shape ?? [],
    read: () => withReason(path, () => numbers(dataset.value, `${path}: ${name}`)),
  };
}

function numbers(value: unknown, where: string): Float32Array {
  if (value instanceof Float32Array) return value;
  if (typeof value === 'number') return Float32Array.of(value);
  if (value instanceof Float64Array || value instanceof Int32Array) return Float32Array.from(value);
  throw new WeightFileError(where, 'its values are no float32, float64 or int32 numbers');
}

/**
 * Writes the layers as `save_weights` does. The file appears whole or not at all, and equal layers make equal
 * bytes.
 *
 * @throws WeightFileError when it cannot be written, e.g. because the folder is missing.
 * @throws DiskFullError
 */
export async function writeKerasWeights(
  path: string,
  layers: readonly StoredLayer[],
): Promise<void> {
  const partial = `${path}.${randomUUID()}.partial`;
  try {
    {
      using open = await openHdf5(partial, 'w');
      withReason(path, () => {
        withoutTimeStamps(() => {
          writeLayers(open.file, layers);
          // Here, where it can fail by an error: closing only says so by its number.
          open.file.flush();
        });
      });
    }
    await rename(partial, path);
  } catch (error) {
    // HDF5 keeps a file open that it could not write, and with it the room that the file takes.
    await truncate(partial).catch(() => undefined);
    throw error;
  } finally {
    await rm(partial, { force: true });
  }
}

function writeLayers(root: Group, layers: readonly StoredLayer[]): void {
  root.create_attribute('backend', 'tensorflow', [], 'A11');
  root.create_attribute('keras_version', '2.2.4', [], 'A6');
  writeNames(
    root,
    'layer_names',
    layers.map(({ layer }) => layer),
  );
  for (const { layer, weights } of layers) {
    const group = root.create_group(layer);
    writeNames(
      group,
      'weight_names',
      weights.map(({ name }) => `${name}:0`),
    );
    for (const weight of weights) writeWeight(group, weight);
  }
}

function writeWeight(group: Group, weight: StoredWeight): void {
  const folders = weight.name.split('/');
  const dataset = folders.pop() ?? weight.name;
  const parent = folders.reduce((at, folder) => {
    const existing = at.get(folder);
    return existing instanceof Group ? existing : at.create_group(folder);
  }, group);
  parent.create_dataset({
    name: `${dataset}:0`,
    data: weight.read(),
    shape: [...weight.shape],
    dtype: '<f4',
  });
}

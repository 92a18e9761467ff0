/**
 * Weight files into the model's parameters and back: `load_weights(by_name=True, exclude=…)` of
 * mrcnn/model.py.
 *
 * Layers are found by name; inside of a layer the weights are found by name too, or by their position
 * where none has the expected name (as Keras does always), so that files of older Keras versions with
 * names such as `conv1_W` load. Differs on purpose: nothing is changed unless the whole file was
 * understood, and what did not fit is reported.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { WeightsMismatchError } from '../errors.ts';
import type { Parameters, ParameterSpec } from '../parameters.ts';
import {
  readKerasWeights,
  writeKerasWeights,
  type StoredLayer,
  type StoredWeight,
} from './keras-h5.ts';

/** The layers whose shape depends on the classes: leave them out when starting from COCO's weights. */
export const COCO_EXCLUDE: readonly string[] = [
  'mrcnn_class_logits',
  'mrcnn_bbox_fc',
  'mrcnn_bbox',
  'mrcnn_mask',
];

export interface LoadOptions {
  /** Layers to leave as they are. @default [] */
  readonly exclude?: readonly string[];
  /** Must every parameter that is not excluded be in the file, in its shape? @default false */
  readonly strict?: boolean;
}

export interface Mismatch {
  readonly name: string;
  readonly expected: readonly number[];
  readonly found: readonly number[];
}

/** Names are those of the parameters (`layer/weight`), but for `unused`, which the file names. */
export interface LoadReport {
  readonly loaded: readonly string[];
  /** Neither excluded nor in the file. */
  readonly missing: readonly string[];
  /** In the file, but not in the model. */
  readonly unused: readonly string[];
  /** In both, in different shapes; not loaded. */
  readonly mismatched: readonly Mismatch[];
}

/**
 * Loads what fits from a Keras weight file.
 *
 * @throws WeightFileError when the file cannot be read.
 * @throws WeightsMismatchError when nothing fits, or with `strict`, when anything does not.
 */
export async function loadWeights(
  parameters: Parameters,
  path: string,
  { exclude = [], strict = false }: LoadOptions = {},
): Promise<LoadReport> {
  using file = await readKerasWeights(path);
  const isExcluded = (layer: string) => exclude.includes(layer);
  const wanted = parameters.specs.filter(
    ({ layer, topLevelLayer }) => !isExcluded(layer) && !isExcluded(topLevelLayer),
  );
  const found = pairUp(wanted, parameters.specs, file.layers);
  const fitting = found.filter(({ spec, weight }) => sameShape(spec.shape, weight.shape));
  const report = reportOf({
    wanted,
    found,
    layers: file.layers.filter(({ layer }) => !isExcluded(layer)),
  });
  requireFit(path, report, strict);
  const values = fitting.map(({ spec, weight }) => ({ spec, values: weight.read() }));
  for (const { spec, values: numbers } of values) {
    const tensor = tf.tensor(numbers, [...spec.shape], 'float32');
    parameters.get(spec.name).assign(tensor);
    tensor.dispose();
  }
  return report;
}

/** Writes all parameters to a Keras weight file, in the order of the specs. */
export async function saveWeights(
  parameters: Pick<Parameters, 'specs' | 'get'>,
  path: string,
): Promise<void> {
  const values = (spec: ParameterSpec) => {
    const numbers = parameters.get(spec.name).dataSync();
    return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  };
  await writeKerasWeights(path, weightLayers(parameters.specs, values));
}

/** One value array a parameter, grouped as the layers of a weight file (weights, momentum, …). */
export function weightLayers<Spec extends Pick<ParameterSpec, 'name' | 'shape' | 'topLevelLayer'>>(
  specs: readonly Spec[],
  values: (spec: Spec) => Float32Array,
): StoredLayer[] {
  const layers = new Map<string, StoredWeight[]>();
  for (const spec of specs) {
    const weights = layers.get(spec.topLevelLayer) ?? [];
    weights.push({ name: spec.name, shape: spec.shape, read: () => values(spec) });
    layers.set(spec.topLevelLayer, weights);
  }
  return [...layers].map(([layer, weights]) => ({ layer, weights }));
}

interface Pair {
  readonly spec: ParameterSpec;
  readonly weight: StoredWeight;
}

function pairUp(
  wanted: readonly ParameterSpec[],
  specs: readonly ParameterSpec[],
  layers: readonly StoredLayer[],
): Pair[] {
  const stored = new Map(layers.map(({ layer, weights }) => [layer, weights]));
  return wanted.flatMap((spec) => {
    const weights = stored.get(spec.topLevelLayer) ?? [];
    const siblings = specs.filter(({ topLevelLayer }) => topLevelLayer === spec.topLevelLayer);
    const isNamed = weights.some(({ name }) => siblings.some((sibling) => sibling.name === name));
    const byPosition =
      weights.length === siblings.length ? weights[siblings.indexOf(spec)] : undefined;
    const weight = isNamed ? weights.find(({ name }) => name === spec.name) : byPosition;
    return weight === undefined ? [] : [{ spec, weight }];
  });
}

interface ReportOptions {
  readonly wanted: readonly ParameterSpec[];
  readonly found: readonly Pair[];
  readonly layers: readonly StoredLayer[];
}

function reportOf({ wanted, found, layers }: ReportOptions): LoadReport {
  const specs = new Set(found.map(({ spec }) => spec));
  const weights = new Set(found.map(({ weight }) => weight));
  const fits = ({ spec, weight }: Pair) => sameShape(spec.shape, weight.shape);
  return {
    loaded: found.filter(fits).map(({ spec }) => spec.name),
    missing: wanted.filter((spec) => !specs.has(spec)).map(({ name }) => name),
    unused: layers
      .flatMap((layer) => layer.weights)
      .filter((weight) => !weights.has(weight))
      .map(({ name }) => name),
    mismatched: found
      .filter((pair) => !fits(pair))
      .map(({ spec, weight }) => ({
        name: spec.name,
        expected: spec.shape,
        found: weight.shape,
      })),
  };
}

function requireFit(path: string, report: LoadReport, strict: boolean): void {
  const { loaded, missing, mismatched } = report;
  if (loaded.length === 0) {
    throw new WeightsMismatchError(path, 'it holds no weight of this model', { mismatched });
  }
  if (!strict || missing.length + mismatched.length === 0) return;
  const [different] = mismatched;
  const example =
    different === undefined
      ? `${missing[0] ?? ''} is missing`
      : `${different.name} is [${different.found.join(', ')}] and not [${different.expected.join(', ')}]`;
  throw new WeightsMismatchError(
    path,
    `${String(missing.length)} weights are missing and ${String(mismatched.length)} have another shape, e.g. ${example}`,
    { missing, mismatched },
  );
}

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/**
 * Weight files into the model's parameters and back: `load_weights(by_name=True, exclude=…)` of
 * mrcnn/model.py.
 *
 * Layers are found by name; inside of a layer the weights are found by name too, or by their position
 * where none has the expected name (as Keras does always), so that files load that have names such as
 * `conv1_W` (older Keras versions) or `conv1_1/kernel` (a second model in one Python process). Differs on purpose: nothing is changed unless the whole file was
 * understood, and what did not fit is reported.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { layerPattern, type Parameters, type ParameterSpec } from '../parameters.ts';
import { withMatterportNames } from './imagenet-names.ts';
import {
  readKerasWeights,
  writeKerasWeights,
  type StoredLayer,
  type StoredWeight,
} from './keras-h5.ts';
import { fits, reportOf, requireFit, type LoadReport, type Pair } from './load-report.ts';

/** The layers whose shape depends on the classes: leave them out when starting from COCO's weights. */
export const COCO_EXCLUDE: readonly string[] = [
  'mrcnn_class_logits',
  'mrcnn_bbox_fc',
  'mrcnn_bbox',
  'mrcnn_mask',
];

export interface LoadOptions {
  /**
   * Layers to leave as they are: names as Matterport takes them, or regular expressions that match whole
   * names, such as `mrcnn_mask.*`. @default []
   */
  readonly exclude?: readonly string[];
  /**
   * Must the file be the model's, but for what is excluded: every parameter there, in its shape, and no
   * other? @default false
   */
  readonly strict?: boolean;
}

/**
 * Loads what fits from a Keras weight file.
 *
 * @throws WeightFileError when the file cannot be read.
 * @throws WeightsMismatchError when nothing fits, or with `strict`, when anything does not.
 * @throws LayerSelectionError when an entry of `exclude` is no regular expression.
 */
export async function loadWeights(
  parameters: Pick<Parameters, 'specs' | 'get'>,
  path: string,
  { exclude = [], strict = false }: LoadOptions = {},
): Promise<LoadReport> {
  const patterns = exclude.map(layerPattern);
  const isExcluded = (layer: string) => patterns.some((pattern) => pattern.test(layer));
  const isWanted = ({ layer, topLevelLayer }: ParameterSpec) =>
    !isExcluded(layer) && !isExcluded(topLevelLayer);
  using file = await readKerasWeights(path);
  const layers = withMatterportNames(file.layers);
  const { specs } = parameters;
  const pairs = pairUp(specs, layers);
  const report = reportOf({
    wanted: specs.filter(isWanted),
    excluded: specs.filter((spec) => !isWanted(spec)),
    pairs,
    layers: layers.filter(({ layer }) => !isExcluded(layer)),
  });
  requireFit(path, report, strict);
  const values = pairs
    .filter((pair) => isWanted(pair.spec) && fits(pair))
    .map(({ spec, weight }) => ({ spec, values: weight.read() }));
  for (const { spec, values: numbers } of values) {
    const tensor = tf.tensor(numbers, [...spec.shape], 'float32');
    parameters.get(spec.name).assign(tensor);
    tensor.dispose();
  }
  return report;
}

/** Writes all parameters to a Keras weight file, in the order of Matterport's inference model. */
export async function saveWeights(
  parameters: Pick<Parameters, 'specs' | 'get'>,
  path: string,
): Promise<void> {
  const values = (spec: ParameterSpec) => {
    const numbers = parameters.get(spec.name).dataSync();
    return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
  };
  await writeKerasWeights(path, inferenceOrder(weightLayers(parameters.specs, values)));
}

/**
 * Keras sorts layers by their depth: training interleaves the heads, as the specs do, but in inference one
 * ends before the next begins. Files are loaded by name, and without names into a model for inference.
 */
function inferenceOrder(layers: readonly StoredLayer[]): StoredLayer[] {
  const heads = ['mrcnn_class', 'mrcnn_bbox', 'mrcnn_mask'];
  const rank = ({ layer }: StoredLayer) => heads.findIndex((head) => layer.startsWith(head));
  return layers.toSorted((a, b) => rank(a) - rank(b));
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

/** Each parameter with its weight in the file, of whatever shape, where the file has one. */
function pairUp(specs: readonly ParameterSpec[], layers: readonly StoredLayer[]): Pair[] {
  const stored = new Map(layers.map(({ layer, weights }) => [layer, weights]));
  return specs.flatMap((spec) => {
    const weights = stored.get(spec.topLevelLayer) ?? [];
    const siblings = specs.filter(({ topLevelLayer }) => topLevelLayer === spec.topLevelLayer);
    const isNamed = weights.some(({ name }) => siblings.some((sibling) => sibling.name === name));
    const byPosition =
      weights.length === siblings.length ? weights[siblings.indexOf(spec)] : undefined;
    const weight = isNamed ? weights.find(({ name }) => name === spec.name) : byPosition;
    return weight === undefined ? [] : [{ spec, weight }];
  });
}

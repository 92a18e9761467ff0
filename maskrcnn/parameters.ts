/**
 * The parameters of the network: their names, shapes and order as Keras has them (mrcnn/model.py), which
 * of them a layer set trains (`MaskRCNN.set_trainable`), and the TensorFlow variables that hold them.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from './config.ts';
import { LayerSelectionError, UnknownParameterError } from './errors.ts';
import { initialValues, type Initializer } from './initializers.ts';
import { layerTable, type LayerRow } from './layer-table.ts';

export type WeightName = 'kernel' | 'bias' | 'gamma' | 'beta' | 'moving_mean' | 'moving_variance';

export interface ParameterSpec {
  /** `layer/weight`, such as `res2a_branch2a/kernel`. */
  readonly name: string;
  readonly layer: string;
  /** Group of the weight file: `rpn_model` for the three layers of the RPN, else the layer. */
  readonly topLevelLayer: string;
  readonly weight: WeightName;
  readonly shape: readonly number[];
  /** `false` for the moving statistics, which no gradient reaches. */
  readonly trainable: boolean;
  /** Does the L2 term count it? All that is trained but gamma and beta; biases too. */
  readonly regularized: boolean;
  readonly initializer: Initializer;
}

const CONVOLUTION: readonly WeightName[] = ['kernel', 'bias'];
const NORM: Readonly<Record<MaskRcnnConfig['normalization'], readonly WeightName[]>> = {
  batch: ['gamma', 'beta', 'moving_mean', 'moving_variance'],
  group: ['gamma', 'beta'],
};

const INITIALIZERS: Readonly<Record<WeightName, Initializer>> = {
  kernel: 'glorot-uniform',
  bias: 'zeros',
  gamma: 'ones',
  beta: 'zeros',
  moving_mean: 'zeros',
  moving_variance: 'ones',
};

/** Every parameter of the model, in the order of Keras' `training` model. */
export function parameterSpecs(config: MaskRcnnConfig): readonly ParameterSpec[] {
  const weights = { convolution: CONVOLUTION, norm: NORM[config.normalization] };
  return layerTable(config).flatMap((row) =>
    weights[row.kind].map((weight) => specification(row, weight)),
  );
}

function specification(row: LayerRow, weight: WeightName): ParameterSpec {
  return {
    name: `${row.layer}/${weight}`,
    layer: row.layer,
    topLevelLayer: row.topLevelLayer,
    weight,
    shape: weight === 'kernel' ? row.shape : [row.channels],
    trainable: !weight.startsWith('moving_'),
    regularized: weight === 'kernel' || weight === 'bias',
    initializer: INITIALIZERS[weight],
  };
}

const HEADS = '(mrcnn_.*)|(rpn_.*)|(fpn_.*)';

const LAYER_SETS: ReadonlyMap<string, string> = new Map([
  ['heads', HEADS],
  ['3+', `(res3.*)|(bn3.*)|(res4.*)|(bn4.*)|(res5.*)|(bn5.*)|${HEADS}`],
  ['4+', `(res4.*)|(bn4.*)|(res5.*)|(bn5.*)|${HEADS}`],
  ['5+', `(res5.*)|(bn5.*)|${HEADS}`],
  ['all', '.*'],
]);

/**
 * The parameters that `layers` trains: `heads`, `3+`, `4+`, `5+`, `all`, or a regular expression that
 * must match a layer's whole name (as Python's `re.fullmatch`). Layers inside `rpn_model` are matched by
 * their own names, as the original does.
 *
 * @throws LayerSelectionError for an invalid expression and for one that matches no layer.
 */
export function trainableParameters(
  specs: readonly ParameterSpec[],
  layers: string,
): ParameterSpec[] {
  const pattern = layerPattern(layers);
  const chosen = specs.filter((spec) => spec.trainable && pattern.test(spec.layer));
  if (chosen.length === 0) throw new LayerSelectionError(layers, 'matches no layer of the model');
  return chosen;
}

/** What `layers` says (see `trainableParameters`), for whole names. Throws `LayerSelectionError`. */
export function layerPattern(layers: string): RegExp {
  try {
    return new RegExp(`^(?:${LAYER_SETS.get(layers) ?? layers})$`);
  } catch (cause) {
    throw new LayerSelectionError(layers, 'is not a valid regular expression', cause);
  }
}

/** How the layers named `bn…` normalise. */
export type Normalisation = Pick<MaskRcnnConfig, 'normalization' | 'normGroups'>;

/** Where a forward pass finds the weights of a model. */
export interface WeightSource {
  readonly norm: Normalisation;
  /** @throws UnknownParameterError */
  get(name: string): tf.Variable;
}

/** The variables that hold a model's parameters; it owns them, `[Symbol.dispose]` frees them. */
export class Parameters implements WeightSource, Disposable {
  readonly specs: readonly ParameterSpec[];
  readonly norm: Normalisation;
  readonly #variables: ReadonlyMap<string, tf.Variable>;

  private constructor(
    { specs, norm }: Pick<Parameters, 'specs' | 'norm'>,
    variables: ReadonlyMap<string, tf.Variable>,
  ) {
    this.specs = specs;
    this.norm = norm;
    this.#variables = variables;
  }

  /** Parameters with Keras' first values; the same seed always gives the same ones. */
  static initialise(config: MaskRcnnConfig, seed: number): Parameters {
    const parameters = Parameters.zeros(config);
    parameters.draw(parameters.specs, seed);
    return parameters;
  }

  /** All values zero: for weights that are loaded, which then need no first values. */
  static zeros(config: MaskRcnnConfig): Parameters {
    const specs = parameterSpecs(config);
    const variables = specs.map(({ name, shape, trainable }) => {
      const zeros = tf.zeros([...shape]);
      // tf.variable registers the given tensor's data without copying it, so `zeros` can go.
      const variable = tf.variable(zeros, trainable);
      zeros.dispose();
      return [name, variable] as const;
    });
    const { normalization, normGroups } = config;
    return new Parameters({ specs, norm: { normalization, normGroups } }, new Map(variables));
  }

  /** Gives the parameters of `specs` Keras' first values; each one's depend on the seed and its name alone. */
  draw(specs: readonly ParameterSpec[], seed: number): void {
    for (const { name, shape, initializer } of specs) {
      const values = initialValues({ initializer, shape, seed, name });
      const initial = tf.tensor(values, [...shape], 'float32');
      this.get(name).assign(initial);
      initial.dispose();
    }
  }

  has(name: string): boolean {
    return this.#variables.has(name);
  }

  /** @throws UnknownParameterError */
  get(name: string): tf.Variable {
    const variable = this.#variables.get(name);
    if (variable === undefined) throw new UnknownParameterError(name);
    return variable;
  }

  [Symbol.dispose](): void {
    for (const variable of this.#variables.values()) {
      if (!variable.isDisposed) variable.dispose();
    }
  }
}

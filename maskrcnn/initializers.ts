/**
 * First values of the parameters, as Keras 2.2.4 gives them when a layer names no initialiser of its own
 * (Matterport's never do): Glorot and Bengio's uniform kernels (2010), zero biases, identity batch norm.
 *
 * Differs on purpose: each parameter draws from a stream named by the seed and its own name, so that a
 * layer added elsewhere does not change it.
 */
import { randomStream } from './random.ts';

export type Initializer = 'glorot-uniform' | 'zeros' | 'ones';

export interface InitialValuesOptions {
  readonly initializer: Initializer;
  /** Keras layout; the last two axes are (in, out) of a kernel. */
  readonly shape: readonly number[];
  readonly seed: number;
  readonly name: string;
}

/** The first values of one parameter, `[product of shape]`. */
export function initialValues({
  initializer,
  shape,
  seed,
  name,
}: InitialValuesOptions): Float32Array {
  const values = new Float32Array(shape.reduce((a, b) => a * b, 1));
  if (initializer === 'ones') values.fill(1);
  if (initializer === 'glorot-uniform') {
    const limit = glorotLimit(shape);
    const random = randomStream(seed, 'initial-values', name);
    for (let i = 0; i < values.length; i++) values[i] = (2 * random.uniform() - 1) * limit;
  }
  return values;
}

/** Kernels are drawn from `-limit..limit`, `limit = sqrt(6 / (fan in + fan out))`. */
export function glorotLimit(shape: readonly number[]): number {
  const [fanOut = 1, fanIn = 1, ...field] = shape.toReversed();
  const cells = field.reduce((a, b) => a * b, 1);
  return Math.sqrt(6 / (cells * (fanIn + fanOut)));
}

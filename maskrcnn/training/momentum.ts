/** The optimizer's state: one velocity a trained parameter, under the parameter's name. */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { ParameterSpec } from '../parameters.ts';

/** Values of velocities by parameter name, as a checkpoint holds them. */
export type MomentumValues = ReadonlyMap<string, Float32Array>;

export class Momentum implements Disposable {
  readonly variables: ReadonlyMap<string, tf.Variable>;

  /** Velocities of `trainable`: from `values` where it has them, else zero. */
  constructor(trainable: readonly ParameterSpec[], values: MomentumValues = new Map()) {
    this.variables = new Map(
      trainable.map(({ name, shape }) => {
        const value = values.get(name);
        const initial =
          value === undefined ? tf.zeros([...shape]) : tf.tensor(value, [...shape], 'float32');
        const variable = tf.variable(initial, false);
        initial.dispose();
        return [name, variable];
      }),
    );
  }

  [Symbol.dispose](): void {
    for (const variable of this.variables.values()) variable.dispose();
  }
}

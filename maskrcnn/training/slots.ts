/**
 * The optimizer's state: variables under names that a checkpoint keeps.
 *
 * | optimizer | slot | name |
 * |---|---|---|
 * | `sgd` | velocity | the parameter's own, such as `conv1/kernel` |
 * | `adamw` | first and second moment | `conv1/kernel/m`, `conv1/kernel/v` |
 * | `adamw`, and where weights are averaged | steps taken | `optimizer/step` |
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { MaskRcnnConfig } from '../config.ts';
import type { ParameterSpec } from '../parameters.ts';

/** Values of slots by name, as a checkpoint holds them. */
export type SlotValues = ReadonlyMap<string, Float32Array>;

export interface SlotSpec {
  readonly name: string;
  readonly shape: readonly number[];
  /** Group of the file, as that of the parameter. */
  readonly topLevelLayer: string;
}

export type SlotKind = 'velocity' | 'm' | 'v';

/** The name of a parameter's slot. */
export function slotName(parameter: string, kind: SlotKind): string {
  return kind === 'velocity' ? parameter : `${parameter}/${kind}`;
}

/** The slot that counts the steps of the optimizer since the state began; a scalar. */
export const STEP_SLOT = 'optimizer/step';

export type OptimizerConfig = Pick<MaskRcnnConfig, 'optimizer' | 'emaDecay'>;

/** The slots that training `trainable` needs. */
export function slotSpecs(
  { optimizer, emaDecay }: OptimizerConfig,
  trainable: readonly ParameterSpec[],
): readonly SlotSpec[] {
  const kinds: readonly SlotKind[] = optimizer === 'sgd' ? ['velocity'] : ['m', 'v'];
  const slots = trainable.flatMap(({ name, shape, topLevelLayer }) =>
    kinds.map((kind) => ({ name: slotName(name, kind), shape, topLevelLayer })),
  );
  const counts = optimizer === 'adamw' || emaDecay > 0;
  return counts ? [...slots, { name: STEP_SLOT, shape: [], topLevelLayer: 'optimizer' }] : slots;
}

/** Variables by name: a set of slots, of averages, or of sums of gradients. It owns them. */
export class NamedVariables implements Disposable {
  readonly variables: ReadonlyMap<string, tf.Variable>;

  /** From `values` where it has them, else zero. */
  constructor(
    specs: readonly { readonly name: string; readonly shape: readonly number[] }[],
    values: SlotValues = new Map(),
  ) {
    this.variables = new Map(
      specs.map(({ name, shape }) => {
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

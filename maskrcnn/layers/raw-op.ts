/** TensorFlow ops that TensorFlow.js has no function for, run by name on the node backend. */
import * as tf from '@tensorflow/tfjs-node-gpu';

export interface RawOp {
  /** TensorFlow's name of the op. */
  readonly op: string;
  /** `float32` stands for the data type, any other text for itself; numbers are floats. */
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly inputs: readonly tf.Tensor[];
}

interface Attribute {
  readonly name: string;
  readonly type: number;
  readonly value: string | number | boolean;
}

/** The part of the node backend that is used here; its types are not exported. */
interface NodeBackend {
  readonly binding: Readonly<
    Record<
      'TF_ATTR_TYPE' | 'TF_ATTR_STRING' | 'TF_ATTR_FLOAT' | 'TF_ATTR_BOOL' | 'TF_FLOAT',
      number
    >
  >;
  executeMultipleOutputs(
    op: string,
    attributes: readonly Attribute[],
    inputs: readonly tf.Tensor[],
    count: number,
  ): tf.Tensor[];
}

/** The first output of the op. It leaves no entry on the tape: call it inside a custom gradient. */
export function rawOp(options: RawOp): tf.Tensor {
  return rawOutputs(options, 1)[0] as tf.Tensor;
}

/** All outputs of an op that has `count` of them, off the tape too. */
export function rawOutputs({ op, attributes, inputs }: RawOp, count: number): tf.Tensor[] {
  const backend = tf.backend() as unknown as NodeBackend;
  const encoded = Object.entries(attributes).map(([name, value]) =>
    encode(backend.binding, name, value),
  );
  return backend.executeMultipleOutputs(op, encoded, inputs, count);
}

function encode(
  binding: NodeBackend['binding'],
  name: string,
  value: string | number | boolean,
): Attribute {
  if (value === 'float32') return { name, type: binding.TF_ATTR_TYPE, value: binding.TF_FLOAT };
  if (typeof value === 'number') return { name, type: binding.TF_ATTR_FLOAT, value };
  if (typeof value === 'boolean') return { name, type: binding.TF_ATTR_BOOL, value };
  return { name, type: binding.TF_ATTR_STRING, value };
}

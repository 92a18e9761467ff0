/** TensorFlow ops that TensorFlow.js has no function for, run by name on the node backend. */
import * as tf from '@tensorflow/tfjs-node-gpu';

export interface RawOp {
  /** TensorFlow's name of the op. */
  readonly op: string;
  /** `float32` stands for the data type, anything else is a string. */
  readonly attributes: Readonly<Record<string, string>>;
  readonly inputs: readonly tf.Tensor[];
}

/** The part of the node backend that is used here; its types are not exported. */
interface NodeBackend {
  readonly binding: Readonly<Record<'TF_ATTR_TYPE' | 'TF_ATTR_STRING' | 'TF_FLOAT', number>>;
  executeSingleOutput(
    op: string,
    attributes: readonly { name: string; type: number; value: number | string }[],
    inputs: readonly tf.Tensor[],
  ): tf.Tensor;
}

/** The first output of the op. It leaves no entry on the tape: call it inside a custom gradient. */
export function rawOp({ op, attributes, inputs }: RawOp): tf.Tensor {
  const backend = tf.backend() as unknown as NodeBackend;
  const { TF_ATTR_TYPE, TF_ATTR_STRING, TF_FLOAT } = backend.binding;
  const encoded = Object.entries(attributes).map(([name, value]) =>
    value === 'float32'
      ? { name, type: TF_ATTR_TYPE, value: TF_FLOAT }
      : { name, type: TF_ATTR_STRING, value },
  );
  return backend.executeSingleOutput(op, encoded, inputs);
}

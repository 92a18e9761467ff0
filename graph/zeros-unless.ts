/**
 * A branch on data inside a compiled function: work that is skipped where it is not wanted. In a graph a
 * `Switch` lets each input through only where the predicate holds; behind a closed one nothing runs, in the
 * gradient neither, and `Merge` takes zeros instead. Outside of a graph it is a plain `if`.
 *
 * Source: Yu et al., "Dynamic Control Flow in Large-Scale Machine Learning" (2018), of which this is the
 * smallest useful part: shapes stay static, and "otherwise" is always zeros.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { dtypeNumber, nodeBackend, TRACING, type OpAttribute } from './tensorflow.ts';

export interface ZerosUnlessOptions {
  /** Bool scalar. */
  readonly predicate: tf.Tensor;
  /** What `fn` works on, float32: gradients flow to these, and to no other tensor that it uses. */
  readonly inputs: readonly tf.Tensor[];
  /** Of what `fn` gives. */
  readonly shape: readonly number[];
}

/** `fn(inputs)`, float32, where the predicate holds; zeros, without running it, where it does not. */
export function zerosUnless(
  { predicate, inputs, shape }: ZerosUnlessOptions,
  fn: (inputs: readonly tf.Tensor[]) => tf.Tensor,
): tf.Tensor {
  if (nodeBackend().binding[TRACING] === true) {
    const result = fn(inputs.map((input) => enterBranch(input, predicate)));
    return leaveBranch(result, predicate);
  }
  return predicate.dataSync()[0] === 0 ? zerosOf(inputs, shape) : fn(inputs);
}

/** On the tape too, so that the gradient to `inputs` is zero and not missing. */
function zerosOf(inputs: readonly tf.Tensor[], shape: readonly number[]): tf.Tensor {
  return tf.customGrad(() => ({
    value: tf.zeros([...shape]),
    gradFunc: () => inputs.map((input) => tf.zeros(input.shape)),
  }))(...inputs);
}

function enterBranch(x: tf.Tensor, predicate: tf.Tensor): tf.Tensor {
  return differentiated(x, {
    predicate,
    forwards: (value, flag) => through(value, flag).whereTrue,
    backwards: valueOrZeros,
  });
}

/** The opposite of entering: forwards what that is backwards. */
function leaveBranch(y: tf.Tensor, predicate: tf.Tensor): tf.Tensor {
  return differentiated(y, {
    predicate,
    forwards: valueOrZeros,
    backwards: (dy, flag) => through(dy, flag).whereTrue,
  });
}

type Gate = (value: tf.Tensor, predicate: tf.Tensor) => tf.Tensor;

function differentiated(
  x: tf.Tensor,
  {
    predicate,
    forwards,
    backwards,
  }: { readonly predicate: tf.Tensor; readonly forwards: Gate; readonly backwards: Gate },
): tf.Tensor {
  const gate = tf.customGrad((input, save) => {
    // Kept for the gradient, which may run after the caller's scope.
    (save as tf.GradSaveFunc)([predicate]);
    return {
      value: forwards(input as tf.Tensor, predicate),
      gradFunc: (dy: tf.Tensor, [flag]: tf.Tensor[]) => backwards(dy, flag as tf.Tensor),
    };
  });
  return gate(x);
}

/** Two tensors of which one is dead, and with it each op that it reaches. */
function through(
  x: tf.Tensor,
  predicate: tf.Tensor,
): { readonly whereFalse: tf.Tensor; readonly whereTrue: tf.Tensor } {
  const [whereFalse, whereTrue] = graphOp('Switch', [x, predicate]) as [tf.Tensor, tf.Tensor];
  return { whereFalse, whereTrue };
}

/** Alive in either case, whether or not `x` comes from inside of the branch. */
function valueOrZeros(x: tf.Tensor, predicate: tf.Tensor): tf.Tensor {
  const zero = through(tf.scalar(0), predicate).whereFalse;
  const zeros = graphOp('Fill', [tf.tensor1d([...x.shape], 'int32'), zero])[0] as tf.Tensor;
  return graphOp('Merge', [zeros, through(x, predicate).whereTrue])[0] as tf.Tensor;
}

/** Ops that TensorFlow.js has no function for, or whose function would look at values. */
function graphOp(op: 'Switch' | 'Merge' | 'Fill', inputs: readonly tf.Tensor[]): tf.Tensor[] {
  const backend = nodeBackend();
  const { TF_ATTR_TYPE, TF_ATTR_INT } = backend.binding;
  const type = (name: string, number: number) => ({ name, type: TF_ATTR_TYPE, value: number });
  const float = type('T', dtypeNumber('float32'));
  const attributes: Record<typeof op, OpAttribute[]> = {
    Switch: [float],
    Merge: [float, { name: 'N', type: TF_ATTR_INT, value: 2 }],
    Fill: [float, type('index_type', dtypeNumber('int32'))],
  };
  const ids = backend.getInputTensorIds(inputs);
  return backend.binding
    .executeOp(op, attributes[op], ids, op === 'Fill' ? 1 : 2)
    .map((output) => backend.createOutputTensor(output));
}

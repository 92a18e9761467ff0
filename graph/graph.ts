/**
 * A traced function as plain data: no tensor, no native handle, nothing of TensorFlow.js. Passes work on
 * it, `print-graph.ts` shows it, `lower-*.ts` turn it into protobuf.
 *
 * Variables and inputs are leaves of their own kind, so that the same graph can be lowered to a session
 * with state (variables live in TensorFlow) or to a frozen model (variables become constants).
 */
export type DType =
  'float32' | 'bfloat16' | 'int32' | 'int64' | 'bool' | 'string' | 'uint8' | 'complex64';

export interface ValueType {
  readonly dtype: DType;
  /** Always static: `[]` is a scalar. */
  readonly shape: readonly number[];
}

/** Output number `output` of the node called `node`. */
export interface ValueRef {
  readonly node: string;
  readonly output: number;
}

/** Values in row-major order: raw little-endian bytes, or one element a string. */
export type ConstantData = Uint8Array | readonly Uint8Array[];

export type Attribute =
  | { readonly kind: 'int'; readonly value: number }
  | { readonly kind: 'ints'; readonly value: readonly number[] }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'floats'; readonly value: readonly number[] }
  | { readonly kind: 'bool'; readonly value: boolean }
  | { readonly kind: 'bools'; readonly value: readonly boolean[] }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'strings'; readonly value: readonly string[] }
  | { readonly kind: 'type'; readonly value: DType }
  | { readonly kind: 'types'; readonly value: readonly DType[] }
  | { readonly kind: 'shape'; readonly value: readonly number[] };

/** Fed anew at each call. */
export interface InputNode {
  readonly kind: 'input';
  readonly name: string;
  readonly type: ValueType;
}

/** The value that a variable holds before the call. */
export interface VariableNode {
  readonly kind: 'variable';
  readonly name: string;
  readonly variable: string;
  readonly type: ValueType;
}

export interface ConstantNode {
  readonly kind: 'constant';
  readonly name: string;
  readonly type: ValueType;
  readonly data: ConstantData;
}

export interface OpNode {
  readonly kind: 'op';
  readonly name: string;
  /** TensorFlow's name of the op. */
  readonly op: string;
  readonly inputs: readonly ValueRef[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly outputs: readonly ValueType[];
}

export type GraphNode = InputNode | VariableNode | ConstantNode | OpNode;

export interface FunctionGraph {
  /** In topological order: every node stands after its inputs. */
  readonly nodes: readonly GraphNode[];
  readonly inputs: Readonly<Record<string, ValueType>>;
  readonly outputs: Readonly<Record<string, ValueRef>>;
  /** New value of each updated variable, by its name; all of them are computed from the old values. */
  readonly updates: Readonly<Record<string, ValueRef>>;
  /** A bool scalar: the updates happen only in calls in which it is true. */
  readonly guard?: ValueRef;
}

/** The types of a node's outputs, whatever its kind. */
export function outputTypes(node: GraphNode): readonly ValueType[] {
  return node.kind === 'op' ? node.outputs : [node.type];
}

/** `float32[2,3]`. */
export function describeType({ dtype, shape }: ValueType): string {
  return `${dtype}[${shape.join(',')}]`;
}

export function sameType(left: ValueType, right: ValueType): boolean {
  return (
    left.dtype === right.dtype &&
    left.shape.length === right.shape.length &&
    left.shape.every((size, axis) => size === right.shape[axis])
  );
}

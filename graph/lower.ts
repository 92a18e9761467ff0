/**
 * Turns traced functions into TensorFlow's NodeDefs. One rule a node kind; what differs between a session
 * with state and a frozen model is only how a variable is read, so the caller passes that.
 */
import { dtypeNumber } from './tensorflow.ts';
import type {
  Attribute,
  ConstantData,
  FunctionGraph,
  GraphNode,
  ValueRef,
  ValueType,
  VariableNode,
} from './graph.ts';
import type { AttrValue, NodeDef, TensorShapeProto } from './saved-model-schema.ts';

export interface LoweringOptions {
  /** Put before every node name, so that several functions fit in one graph; `train/` or nothing. */
  readonly prefix: string;
  /** Nodes that run after another one, though they do not read it, by name. */
  readonly waiting?: ReadonlyMap<string, string>;
  /** The node, or nodes, by which `name` comes to hold the variable's value. */
  readonly lowerVariable: (node: VariableNode, name: string) => readonly NodeDef[];
}

export function lowerNodes({ nodes }: FunctionGraph, options: LoweringOptions): readonly NodeDef[] {
  return nodes.flatMap((node) => lowerNode(node, options));
}

function lowerNode(
  node: GraphNode,
  { prefix, lowerVariable, waiting }: LoweringOptions,
): readonly NodeDef[] {
  const name = prefix + node.name;
  switch (node.kind) {
    case 'input':
      return [placeholderNode(name, node.type)];
    case 'variable':
      return lowerVariable(node, name);
    case 'constant':
      return [constantNode(name, node.type, node.data)];
    case 'op': {
      const attributes = Object.entries(node.attributes);
      const after = waiting?.get(node.name);
      return [
        {
          name,
          op: node.op,
          input: [
            ...node.inputs.map((ref) => prefix + tensorName(ref)),
            ...(after === undefined ? [] : [`^${prefix}${after}`]),
          ],
          attr: Object.fromEntries(attributes.map(([key, value]) => [key, lowerAttribute(value)])),
        },
      ];
    }
    default:
      return node satisfies never;
  }
}

/** TensorFlow's name of a tensor: `node`, or `node:1` for a further output. */
export function tensorName({ node, output }: ValueRef): string {
  return output === 0 ? node : `${node}:${output}`;
}

export function placeholderNode(name: string, type: ValueType): NodeDef {
  return { name, op: 'Placeholder', input: [], attr: typedShape(type) };
}

export function constantNode(
  name: string,
  { dtype, shape }: ValueType,
  data: ConstantData,
): NodeDef {
  const values = data instanceof Uint8Array ? { tensor_content: data } : { string_val: data };
  const tensor = { dtype: dtypeNumber(dtype), tensor_shape: shapeProto(shape), ...values };
  return {
    name,
    op: 'Const',
    input: [],
    attr: { dtype: { type: tensor.dtype }, value: { tensor } },
  };
}

export function identityNode(
  name: string,
  { dtype }: ValueType,
  input: string,
  after: readonly string[] = [],
): NodeDef {
  const control = after.map((node) => `^${node}`);
  return {
    name,
    op: 'Identity',
    input: [input, ...control],
    attr: { T: { type: dtypeNumber(dtype) } },
  };
}

export function shapeProto(shape: readonly number[]): TensorShapeProto {
  return { dim: shape.map((size) => ({ size })) };
}

/** The attributes `dtype` and `shape` of a placeholder or a variable. */
export function typedShape({ dtype, shape }: ValueType): Readonly<Record<string, AttrValue>> {
  return { dtype: { type: dtypeNumber(dtype) }, shape: { shape: shapeProto(shape) } };
}

function lowerAttribute(attribute: Attribute): AttrValue {
  switch (attribute.kind) {
    case 'int':
      return { i: attribute.value };
    case 'ints':
      return { list: { i: attribute.value } };
    case 'float':
      return { f: attribute.value };
    case 'floats':
      return { list: { f: attribute.value } };
    case 'bool':
      return { b: attribute.value };
    case 'bools':
      return { list: { b: attribute.value } };
    case 'string':
      return { s: Buffer.from(attribute.value) };
    case 'strings':
      return { list: { s: attribute.value.map((text) => Buffer.from(text)) } };
    case 'type':
      return { type: dtypeNumber(attribute.value) };
    case 'types':
      return { list: { type: attribute.value.map(dtypeNumber) } };
    case 'shape':
      return { shape: shapeProto(attribute.value) };
    default:
      return attribute satisfies never;
  }
}

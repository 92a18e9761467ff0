/**
 * The text form of a traced function, for people and for snapshot tests:
 *
 * ```
 * function(x: float32[2]) {
 *   w = variable w : float32[2]
 *   Mul_0 = Mul(x, w) {T=float32} : float32[2]
 *   return y = Mul_0
 *   update w = Mul_0
 * }
 * ```
 */
import type { Attribute, ConstantNode, FunctionGraph, GraphNode, ValueRef } from './graph.ts';
import { describeType, outputTypes } from './graph.ts';

/** Longer constants show their first values only. */
const SHOWN_VALUES = 8;

export function printGraph(graph: FunctionGraph): string {
  const inputs = Object.entries(graph.inputs).map(
    ([name, type]) => `${name}: ${describeType(type)}`,
  );
  const condition = graph.guard === undefined ? '' : ` if ${printRef(graph.guard)}`;
  return [
    `function(${inputs.join(', ')}) {`,
    ...graph.nodes.filter(({ kind }) => kind !== 'input').map((node) => `  ${printNode(node)}`),
    ...Object.entries(graph.outputs).map(([name, ref]) => `  return ${name} = ${printRef(ref)}`),
    ...Object.entries(graph.updates).map(
      ([name, ref]) => `  update ${name} = ${printRef(ref)}${condition}`,
    ),
    '}',
  ].join('\n');
}

/** One node as one line. */
export function printNode(node: GraphNode): string {
  const types = outputTypes(node).map(describeType).join(', ');
  return `${node.name} = ${printBody(node)} : ${types}`;
}

function printBody(node: GraphNode): string {
  switch (node.kind) {
    case 'input':
      return 'input';
    case 'variable':
      return `variable ${node.variable}`;
    case 'constant':
      return `constant ${printConstant(node)}`;
    case 'op': {
      const attributes = Object.entries(node.attributes)
        .sort(([left], [right]) => (left < right ? -1 : 1))
        .map(([name, attribute]) => `${name}=${printAttribute(attribute)}`);
      const suffix = attributes.length === 0 ? '' : ` {${attributes.join(' ')}}`;
      return `${node.op}(${node.inputs.map(printRef).join(', ')})${suffix}`;
    }
    default:
      return node satisfies never;
  }
}

function printRef({ node, output }: ValueRef): string {
  return output === 0 ? node : `${node}:${output}`;
}

function printAttribute({ value }: Attribute): string {
  return typeof value === 'object' ? `[${value.join(',')}]` : String(value);
}

function printConstant(node: ConstantNode): string {
  const values = constantValues(node);
  const shown = values.slice(0, SHOWN_VALUES).map(String);
  if (values.length > SHOWN_VALUES) shown.push(`… ${values.length} values`);
  return node.type.shape.length === 0 ? (shown[0] ?? '') : `[${shown.join(',')}]`;
}

function constantValues({ type, data }: ConstantNode): readonly (number | bigint | string)[] {
  if (!(data instanceof Uint8Array)) {
    return data.map((bytes) => JSON.stringify(Buffer.from(bytes).toString('utf8')));
  }
  const { buffer, byteOffset, byteLength } = data;
  switch (type.dtype) {
    case 'float32':
    case 'complex64':
      return [...new Float32Array(buffer, byteOffset, byteLength / 4)].map(shortFloat);
    case 'int32':
      return [...new Int32Array(buffer, byteOffset, byteLength / 4)];
    case 'int64':
      return [...new BigInt64Array(buffer, byteOffset, byteLength / 8)];
    case 'bool':
      return [...data].map((value) => (value === 0 ? 'false' : 'true'));
    case 'uint8':
      return [...data];
    case 'bfloat16': // the upper half of a float32
      return [...new Uint16Array(buffer, byteOffset, byteLength / 2)].map((bits) =>
        shortFloat(new Float32Array(Uint32Array.of(bits << 16).buffer)[0] ?? 0),
      );
    case 'string':
      return [];
    default:
      return type.dtype satisfies never;
  }
}

/** 0.1 is stored as 0.10000000149011612: seven digits are all that a float32 holds. */
function shortFloat(value: number): number {
  return Number(value.toPrecision(7));
}

/**
 * Traced functions as bytes and back, for a file between processes:
 *
 * ```
 * "TFGRAPH1"   sha256 of all that follows   length of the JSON   JSON, one node an entry   raw constants
 *     8                  32                      4, LE
 * ```
 *
 * A variable is its place in the caller's list: TensorFlow.js names those without a name by counting, so
 * that the same variable has another name in another process. No value of a variable is in a graph.
 */
import { createHash } from 'node:crypto';
import type {
  Attribute,
  ConstantData,
  ConstantNode,
  FunctionGraph,
  GraphNode,
  InputNode,
  OpNode,
  ValueRef,
  VariableNode,
} from './graph.ts';

export type NamedGraphs = Readonly<Record<string, FunctionGraph>>;

/** Names this layout; another one gets another number. */
export const GRAPH_FILE_FORMAT = 'TFGRAPH1';
const MAGIC = Buffer.from(GRAPH_FILE_FORMAT);
const HASH_END = MAGIC.length + 32;
const JSON_START = HASH_END + 4;

/** Where the bytes of a constant stand among the raw constants. */
type Range = readonly [start: number, end: number];

/** JSON has no infinities, no NaN and no negative zero; text keeps them. */
type StoredFloat = number | string;

type StoredAttribute =
  | Exclude<Attribute, { readonly kind: 'float' | 'floats' }>
  | { readonly kind: 'float'; readonly value: StoredFloat }
  | { readonly kind: 'floats'; readonly value: readonly StoredFloat[] };

type StoredNode =
  | InputNode
  | (Omit<VariableNode, 'variable'> & { readonly variable: number })
  | (Omit<ConstantNode, 'data'> & { readonly data: { readonly bytes: Range } | readonly Range[] })
  | (Omit<OpNode, 'attributes'> & {
      readonly attributes: Readonly<Record<string, StoredAttribute>>;
    });

type StoredGraph = Omit<FunctionGraph, 'nodes' | 'updates'> & {
  readonly nodes: readonly StoredNode[];
  readonly updates: readonly (readonly [variable: number, value: ValueRef])[];
};

/** `variables` are the names of all variables of the graphs, in the order that `decodeGraphs` is given. */
export function encodeGraphs(graphs: NamedGraphs, variables: readonly string[]): Uint8Array {
  const places = new Map(variables.map((name, index) => [name, index]));
  const place = (name: string): number => places.get(name) ?? -1;
  const constants: Uint8Array[] = [];
  let end = 0;
  const store = (bytes: Uint8Array): Range => {
    constants.push(bytes);
    end += bytes.byteLength;
    return [end - bytes.byteLength, end];
  };
  const stored = Object.entries(graphs).map(([name, graph]): readonly [string, StoredGraph] => {
    const updates = Object.entries(graph.updates).map(([to, ref]) => [place(to), ref] as const);
    const nodes = graph.nodes.map((node) => storedNode(node, place, store));
    return [name, { ...graph, nodes, updates }];
  });
  const json = Buffer.from(JSON.stringify(stored));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const content = [length, json, ...constants];
  return Buffer.concat([MAGIC, digest(content), ...content]);
}

/** The graphs, with the names that the variables have now; `undefined` for what `encodeGraphs` did not write. */
export function decodeGraphs(
  file: Uint8Array,
  variables: readonly string[],
): NamedGraphs | undefined {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength);
  const isWhole =
    bytes.length >= JSON_START &&
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    bytes.subarray(MAGIC.length, HASH_END).equals(digest([bytes.subarray(HASH_END)]));
  if (!isWhole) return undefined;
  const jsonEnd = JSON_START + bytes.readUInt32LE(HASH_END);
  const constants = bytes.subarray(jsonEnd);
  // The hash says that this is what `encodeGraphs` wrote, so that no schema has to.
  const stored = JSON.parse(bytes.toString('utf8', JSON_START, jsonEnd)) as readonly [
    string,
    StoredGraph,
  ][];
  const nameOf = (index: number): string => variables[index] ?? '';
  // A copy, so that each constant is aligned and none holds the whole file.
  const read = ([start, end]: Range): Uint8Array => Uint8Array.from(constants.subarray(start, end));
  const graphs = stored.map(([name, { nodes, updates, ...graph }]): [string, FunctionGraph] => [
    name,
    {
      ...graph,
      nodes: nodes.map((node) => graphNode(node, nameOf, read)),
      updates: Object.fromEntries(updates.map(([to, ref]) => [nameOf(to), ref])),
    },
  ]);
  return Object.fromEntries(graphs);
}

function digest(parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

function storedNode(
  node: GraphNode,
  place: (variable: string) => number,
  store: (bytes: Uint8Array) => Range,
): StoredNode {
  switch (node.kind) {
    case 'input':
      return node;
    case 'variable':
      return { ...node, variable: place(node.variable) };
    case 'constant':
      return { ...node, data: storedData(node.data, store) };
    case 'op':
      return { ...node, attributes: mapValues(node.attributes, storedAttribute) };
    default:
      return node satisfies never;
  }
}

function graphNode(
  node: StoredNode,
  nameOf: (index: number) => string,
  read: (range: Range) => Uint8Array,
): GraphNode {
  switch (node.kind) {
    case 'input':
      return node;
    case 'variable':
      return { ...node, variable: nameOf(node.variable) };
    case 'constant':
      return { ...node, data: 'bytes' in node.data ? read(node.data.bytes) : node.data.map(read) };
    case 'op':
      return { ...node, attributes: mapValues(node.attributes, attribute) };
    default:
      return node satisfies never;
  }
}

function storedData(data: ConstantData, store: (bytes: Uint8Array) => Range) {
  return data instanceof Uint8Array ? { bytes: store(data) } : data.map(store);
}

function storedAttribute(given: Attribute): StoredAttribute {
  if (given.kind === 'float') return { kind: 'float', value: storedFloat(given.value) };
  if (given.kind === 'floats') return { kind: 'floats', value: given.value.map(storedFloat) };
  return given;
}

function attribute(stored: StoredAttribute): Attribute {
  if (stored.kind === 'float') return { kind: 'float', value: Number(stored.value) };
  if (stored.kind === 'floats') return { kind: 'floats', value: stored.value.map(Number) };
  return stored;
}

function storedFloat(value: number): StoredFloat {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

function mapValues<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From) => To,
): Readonly<Record<string, To>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

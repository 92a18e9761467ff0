/**
 * Computes once what is written several times: equal ops on equal inputs, constants of equal bytes, reads of
 * the same variable (all reads see the values from before the call). TensorFlow.js makes a fresh constant for
 * each scalar and axis, and gradients repeat casts and reshapes of the forward pass.
 *
 * Measured (Mask R-CNN, ResNet-50, 512², one class): the train step of all layers from 6,712 nodes to 4,789, of
 * the heads from 3,022 to 2,331, detection from 1,122 to 1,000, whose time stays the same.
 */
import { createHash } from 'node:crypto';
import type { ConstantData, FunctionGraph, GraphNode, OpNode, ValueRef } from '../graph.ts';
import { describeType } from '../graph.ts';
import { isPure } from './effects.ts';
import { redirectInputs, redirectResults } from './references.ts';

/** The first of several equal nodes stays, by its name. */
export function shareSubexpressions(graph: FunctionGraph): FunctionGraph {
  const firstOf = new Map<string, string>();
  const sameAs = new Map<string, string>();
  const redirect = ({ node, output }: ValueRef): ValueRef => ({
    node: sameAs.get(node) ?? node,
    output,
  });
  const nodes = graph.nodes.flatMap((original): readonly GraphNode[] => {
    const node = redirectInputs(original, redirect);
    const key = keyOf(node);
    if (key === undefined) return [node];
    const first = firstOf.get(key);
    if (first === undefined) {
      firstOf.set(key, node.name);
      return [node];
    }
    sameAs.set(node.name, first);
    return [];
  });
  return { ...graph, nodes, ...redirectResults(graph, redirect) };
}

/** Equal for nodes of equal values; undefined for what is never shared. */
function keyOf(node: GraphNode): string | undefined {
  switch (node.kind) {
    case 'input':
      return undefined;
    case 'variable':
      return `variable ${node.variable}`;
    case 'constant':
      return `constant ${describeType(node.type)} ${hashOf(node.data)}`;
    case 'op':
      return isPure(node) ? opKey(node) : undefined;
    default:
      return node satisfies never;
  }
}

/** Every field of the node but its name. */
function opKey(node: OpNode): string {
  const attributes = Object.entries(node.attributes).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({ ...node, name: '', attributes }, (_, value: unknown) =>
    typeof value === 'number' ? exactly(value) : value,
  );
}

/** JSON has neither infinities nor a negative zero. */
function exactly(value: number): number | string {
  if (Object.is(value, -0)) return '-0';
  return Number.isFinite(value) ? value : String(value);
}

/** Of the bytes, since constants have megabytes. */
function hashOf(data: ConstantData): string {
  const hash = createHash('sha256');
  if (data instanceof Uint8Array) return hash.update(data).digest('base64');
  // The lengths tell ["ab", "c"] from ["a", "bc"].
  for (const text of data) hash.update(`${String(text.byteLength)}:`).update(text);
  return hash.digest('base64');
}

/**
 * Makes every sum of three terms or more add up in the order in which it was written.
 *
 * TensorFlow's `AddN` starts from whichever input's buffer happens to be free, which depends on when other
 * threads let go of it; and its graph optimizer merges chains of additions into `AddN`. Both change the
 * last bits from run to run, and a training run after them. So `AddN` becomes a chain here, and each link
 * goes through an op that hands the tensor on without a copy and that the optimizer does not look through.
 */
import type { FunctionGraph, GraphNode, OpNode, ValueRef } from '../graph.ts';

const SUM = 'AddV2';

export function orderSums(graph: FunctionGraph): FunctionGraph {
  const sums = new Map(
    graph.nodes.flatMap((node): [string, OpNode][] =>
      node.kind === 'op' && isSum(node) ? [[node.name, node]] : [],
    ),
  );
  const nodes = graph.nodes.flatMap((node): readonly GraphNode[] => {
    if (node.kind !== 'op' || !isSum(node)) return [node];
    return inOrder(node, sums);
  });
  return { ...graph, nodes };
}

/** Integers add up to the same whatever their order. */
function isSum({ op, inputs, outputs }: OpNode): boolean {
  const rounds = outputs[0]?.dtype === 'float32';
  return rounds && (op === SUM || (op === 'AddN' && inputs.length > 2));
}

/** The node as a chain; its last link keeps the name. */
function inOrder(node: OpNode, sums: ReadonlyMap<string, OpNode>): readonly OpNode[] {
  const links: OpNode[] = [];
  const { T } = node.attributes;
  const attributes = T === undefined ? {} : { T };
  const fence = (name: string, { name: from, outputs }: OpNode): ValueRef => {
    links.push({
      kind: 'op',
      name,
      op: 'EnsureShape',
      inputs: [{ node: from, output: 0 }],
      attributes: { ...attributes, shape: { kind: 'shape', value: outputs[0]?.shape ?? [] } },
      outputs,
    });
    return { node: name, output: 0 };
  };
  const terms = node.inputs.map((ref, index) => {
    const sum = sums.get(ref.node);
    return sum === undefined ? ref : fence(`${node.name}/term${String(index)}`, sum);
  });
  let left = terms[0] as ValueRef;
  terms.slice(1).forEach((term, index) => {
    const last = index === terms.length - 2;
    const name = last ? node.name : `${node.name}/sum${String(index)}`;
    const link = { ...node, op: SUM, name, inputs: [left, term], attributes };
    links.push(link);
    if (!last) left = fence(`${name}/fence`, link);
  });
  return links;
}

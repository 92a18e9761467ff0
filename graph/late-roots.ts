/**
 * Ops that need nothing but variables and constants could run as soon as a call begins, and TensorFlow lets
 * them; a large result then waits in memory until its reader's other inputs are there, which in a train step
 * may be its end. Here such an op waits for what its reader waits for. (The share of L2 in each gradient: as
 * much memory as all weights.)
 */
import type { FunctionGraph, GraphNode, OpNode, ValueRef } from './graph.ts';
import { inputsOf, resultsOf } from './passes/references.ts';

/** Elements from which a result is worth to wait. */
const LARGE = 4096;

/** By the name of the op: the node after which it is to run. */
export function lateRoots(graph: FunctionGraph): ReadonlyMap<string, string> {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const readers = new Map<string, OpNode[]>();
  for (const node of graph.nodes) {
    if (node.kind !== 'op') continue;
    for (const { node: name } of inputsOf(node)) {
      readers.set(name, [...(readers.get(name) ?? []), node]);
    }
  }
  const results = new Set(resultsOf(graph).map(({ node }) => node));
  const soleReader = (name: string): OpNode | undefined => {
    const [reader, ...others] = readers.get(name) ?? [];
    return others.length === 0 && !results.has(name) ? reader : undefined;
  };
  return new Map(
    graph.nodes.flatMap((node) => {
      if (node.kind !== 'op' || !isLargeRoot(node, nodes)) return [];
      const other = otherInput(node, soleReader);
      return other === undefined || isLeaf(nodes.get(other)) ? [] : [[node.name, other] as const];
    }),
  );
}

function isLargeRoot({ inputs, outputs }: OpNode, nodes: ReadonlyMap<string, GraphNode>): boolean {
  const [type] = outputs;
  const size = type?.shape.reduce((product, axis) => product * axis, 1) ?? 0;
  return size >= LARGE && inputs.every((ref) => isLeaf(nodes.get(ref.node)));
}

function isLeaf(node: GraphNode | undefined): boolean {
  return node?.kind === 'variable' || node?.kind === 'constant';
}

/** What the op's only reader reads besides, also behind readers of one input. */
function otherInput(
  node: OpNode,
  soleReader: (name: string) => OpNode | undefined,
): string | undefined {
  let name = node.name;
  for (;;) {
    const reader = soleReader(name);
    if (reader === undefined) return undefined;
    const other = reader.inputs.find((ref: ValueRef) => ref.node !== name);
    if (other !== undefined) return other.node;
    name = reader.name;
  }
}

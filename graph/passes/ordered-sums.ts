/**
 * Makes every sum of three terms or more add up in the order in which it was written.
 *
 * TensorFlow's `AddN` starts from whichever input's buffer happens to be free, which depends on when other
 * threads let go of it; and its graph optimizer merges additions into `AddN`, also through ops between them
 * that it finds to do nothing, and turns that into an accumulator that takes the terms as they come. Each
 * changes the last bits from run to run, and a training run after them. So `AddN` becomes a chain here, and
 * each term passes an op that hands the tensor on without a copy and that the optimizer does not look through.
 */
import {
  outputTypes,
  sameType,
  type FunctionGraph,
  type GraphNode,
  type OpNode,
  type ValueRef,
  type ValueType,
} from '../graph.ts';

const SUM = 'AddV2';
const SUMS: ReadonlySet<string> = new Set(['Add', SUM]);

export function orderSums(graph: FunctionGraph): FunctionGraph {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const typeOf = ({ node, output }: ValueRef): ValueType | undefined => {
    const source = nodes.get(node);
    return source && outputTypes(source)[output];
  };
  return {
    ...graph,
    nodes: graph.nodes.flatMap((node): readonly GraphNode[] =>
      node.kind === 'op' && isSum(node, typeOf) ? inOrder(node) : [node],
    ),
  };
}

/** Integers add up to the same in any order; terms of other shapes (a bias) are never merged into `AddN`. */
function isSum(
  { op, inputs, outputs }: OpNode,
  typeOf: (ref: ValueRef) => ValueType | undefined,
): boolean {
  const [type] = outputs;
  if (type?.dtype !== 'float32' && type?.dtype !== 'bfloat16') return false;
  if (op === 'AddN') return inputs.length > 2;
  if (!SUMS.has(op)) return false;
  return inputs.every((ref) => {
    const term = typeOf(ref);
    return term !== undefined && sameType(term, type);
  });
}

/** The node as a chain; its last link keeps the name. */
function inOrder(node: OpNode): readonly OpNode[] {
  const { T } = node.attributes;
  const attributes = T === undefined ? {} : { T };
  const [type] = node.outputs as readonly [ValueType];
  const links: OpNode[] = [];
  const link = (name: string, op: string, inputs: readonly ValueRef[]): ValueRef => {
    const shape = { shape: { kind: 'shape', value: type.shape } } as const;
    const own = op === SUM ? attributes : { ...attributes, ...shape };
    links.push({ kind: 'op', name, op, inputs, attributes: own, outputs: [type] });
    return { node: name, output: 0 };
  };
  const fence = (ref: ValueRef, name: string) => link(name, 'EnsureShape', [ref]);

  const terms = node.inputs.map((ref, index) => fence(ref, `${node.name}/term${String(index)}`));
  const last = terms.length - 1;
  terms.reduce((sum, term, index) => {
    if (index === last) return link(node.name, SUM, [sum, term]);
    const part = `${node.name}/sum${String(index)}`;
    return fence(link(part, SUM, [sum, term]), `${part}/fence`);
  });
  return links;
}

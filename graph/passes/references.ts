/** Who reads what in a graph, and the same nodes and results with other references: what passes share. */
import type { FunctionGraph, GraphNode, ValueRef } from '../graph.ts';
import { tensorName } from '../lower.ts';

/** The parts of a graph that name its values from outside. */
export type GraphResults = Pick<FunctionGraph, 'outputs' | 'updates' | 'guard'>;

export type Redirect = (ref: ValueRef) => ValueRef;

/** What the graph is there for: outputs, updates and the guard. */
export function resultsOf({ outputs, updates, guard }: GraphResults): readonly ValueRef[] {
  const results = [...Object.values(outputs), ...Object.values(updates)];
  return guard === undefined ? results : [...results, guard];
}

export function inputsOf(node: GraphNode): readonly ValueRef[] {
  return node.kind === 'op' ? node.inputs : [];
}

/** How often each value is read, by its name (`node`, or `node:1` for a further output). */
export function readersOf(graph: FunctionGraph): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  for (const ref of [...graph.nodes.flatMap(inputsOf), ...resultsOf(graph)]) {
    const name = tensorName(ref);
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

export function redirectInputs(node: GraphNode, redirect: Redirect): GraphNode {
  return node.kind === 'op' ? { ...node, inputs: node.inputs.map(redirect) } : node;
}

export function redirectResults(
  { outputs, updates, guard }: GraphResults,
  redirect: Redirect,
): GraphResults {
  const all = (refs: Readonly<Record<string, ValueRef>>) =>
    Object.fromEntries(Object.entries(refs).map(([name, ref]) => [name, redirect(ref)]));
  const redirected = { outputs: all(outputs), updates: all(updates) };
  return guard === undefined ? redirected : { ...redirected, guard: redirect(guard) };
}

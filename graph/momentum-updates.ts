/**
 * Finds the variables that a function updates as gradient descent with momentum does,
 *
 *     velocity' = momentum velocity - rate gradient,   weight' = weight + velocity'
 *
 * which TensorFlow does where they lie, in one pass over memory (`ResourceApplyKerasMomentum`), in place of
 * four ops with a new tensor each.
 */
import type { FunctionGraph, GraphNode, OpNode, ValueRef } from './graph.ts';
import { tensorName } from './lower.ts';
import { readersOf } from './passes/references.ts';

export interface MomentumUpdate {
  /** Names of variables. */
  readonly weight: string;
  readonly velocity: string;
  readonly gradient: ValueRef;
  /** Scalars. */
  readonly rate: ValueRef;
  readonly momentum: ValueRef;
}

/** Those whose new values nothing else reads. */
export function momentumUpdates(graph: FunctionGraph): readonly MomentumUpdate[] {
  const nodes = new Map(graph.nodes.map((node) => [node.name, node]));
  const readers = readersOf(graph);
  const updatedBy = new Map(
    Object.entries(graph.updates).map(([name, ref]) => [tensorName(ref), name] as const),
  );
  const find: Finder = {
    node: ({ node, output }) => (output === 0 ? nodes.get(node) : undefined),
    readers: (ref) => readers.get(tensorName(ref)) ?? 0,
    velocityOf: (ref) => updatedBy.get(tensorName(ref)),
  };
  return Object.entries(graph.updates).flatMap(
    ([weight, ref]) => momentumUpdate(weight, ref, find) ?? [],
  );
}

interface Finder {
  readonly node: (ref: ValueRef) => GraphNode | undefined;
  readonly readers: (ref: ValueRef) => number;
  /** The variable whose new value `ref` is. */
  readonly velocityOf: (ref: ValueRef) => string | undefined;
}

function momentumUpdate(weight: string, ref: ValueRef, find: Finder): MomentumUpdate | undefined {
  const sum = opOf(ref, ['Add', 'AddV2'], find);
  if (sum === undefined || find.readers(ref) > 1) return undefined;
  const [old, next] = sum.inputs.map((term) => unfenced(term, find)) as [ValueRef, ValueRef];
  const velocity = find.velocityOf(next);
  // Read by this sum and by the velocity's own update.
  if (!reads(old, weight, find) || velocity === undefined || find.readers(next) > 2) {
    return undefined;
  }
  const [kept, step] = opOf(next, ['Sub'], find)?.inputs ?? [];
  const [before, momentum] = opOf(kept, ['Mul'], find)?.inputs ?? [];
  const [gradient, rate] = opOf(step, ['Mul'], find)?.inputs ?? [];
  if (!before || !momentum || !gradient || !rate || !reads(before, velocity, find))
    return undefined;
  if (!isScalar(momentum, find) || !isScalar(rate, find)) return undefined;
  return { weight, velocity, gradient, rate, momentum };
}

function opOf(ref: ValueRef | undefined, ops: readonly string[], find: Finder): OpNode | undefined {
  const node = ref && find.node(ref);
  return node?.kind === 'op' && ops.includes(node.op) ? node : undefined;
}

/** The term of an ordered sum (passes/ordered-sums.ts) itself. */
function unfenced(ref: ValueRef, find: Finder): ValueRef {
  return opOf(ref, ['EnsureShape'], find)?.inputs[0] ?? ref;
}

function reads(ref: ValueRef, variable: string, find: Finder): boolean {
  const node = find.node(ref);
  return node?.kind === 'variable' && node.variable === variable;
}

function isScalar(ref: ValueRef, find: Finder): boolean {
  const node = find.node(ref);
  const type = node?.kind === 'op' ? node.outputs[0] : node?.type;
  return type?.shape.length === 0 && type.dtype === 'float32';
}

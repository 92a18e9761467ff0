/** Runs a graph that a pass has changed, in a session of its own. */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import type { FunctionGraph } from '../../../graph/graph.ts';
import { INITIALISED, programNodes, programVariable } from '../../../graph/program-graph.ts';
import { Session } from '../../../graph/session.ts';
import { nodeBackend } from '../../../graph/tensorflow.ts';
import { variableType, type NamedTensors } from '../../../graph/trace.ts';
import { numbers } from './tensors.ts';

export interface RunOptions {
  readonly feeds?: NamedTensors;
  /** Every variable of the graph, with the value that it starts with. */
  readonly variables?: readonly tf.Variable[];
}

/** The values of every output after one call, then those of every updated variable under its name. */
export function runGraph(
  graph: FunctionGraph,
  { feeds = {}, variables = [] }: RunOptions = {},
): Readonly<Record<string, readonly number[]>> {
  const placed = variables.map((variable, index) => ({
    ...programVariable(variable.name, variableType(variable), index),
    variable,
  }));
  using session = new Session({
    nodes: programNodes({ f: graph }, placed),
    signatures: {},
    tensorflowVersion: nodeBackend().binding.TF_Version,
  });
  const valuesOf = (given: Readonly<Record<string, tf.Tensor>>, fetches: readonly string[]) =>
    session.run(new Map(Object.entries(given)), fetches).map((tensor) => {
      const values = tensor.dtype === 'string' ? [] : numbers(tensor);
      tensor.dispose();
      return values;
    });

  if (placed.length > 0) {
    const first = placed.map(({ node, variable }) => [`${node}/value`, variable] as const);
    valuesOf(Object.fromEntries(first), [INITIALISED]);
  }
  const outputs = Object.keys(graph.outputs);
  const updated = placed.filter(({ name }) => name in graph.updates);
  const fed = Object.entries(feeds).map(([name, tensor]) => [`f/${name}`, tensor] as const);
  const fetches = outputs.map((name) => `f/outputs/${name}`);
  if (updated.length > 0) fetches.push('f/done');
  const values = valuesOf(Object.fromEntries(fed), fetches);
  const after = updated.map(({ name, node }) => [name, ...valuesOf({}, [`${node}/read`])] as const);
  return Object.fromEntries([
    ...outputs.map((name, index) => [name, values[index] ?? []] as const),
    ...after.map(([name, value = []]) => [name, value] as const),
  ]);
}

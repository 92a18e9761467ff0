/** Variables become constants: a graph without state, for others to run. */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import { GraphError } from '../errors.ts';
import type { ConstantData, FunctionGraph } from '../graph.ts';
import { nodeBackend } from '../tensorflow.ts';

/** `graph` with the values that `variables` have now. Throws `GraphError` when it reads another variable. */
export function freezeVariables(
  graph: FunctionGraph,
  variables: readonly tf.Variable[],
): FunctionGraph {
  const byName = new Map(variables.map((variable) => [variable.name, variable]));
  return {
    ...graph,
    nodes: graph.nodes.map((node) => {
      if (node.kind !== 'variable') return node;
      const { name, type, variable } = node;
      const found = byName.get(variable);
      if (found === undefined) throw new GraphError(`no variable "${variable}" is declared`);
      return { kind: 'constant', name, type, data: variableData(found) };
    }),
  };
}

function variableData(variable: tf.Variable): ConstantData {
  const values = nodeBackend().readSync(variable.dataId);
  if (!ArrayBuffer.isView(values)) return values;
  const { buffer, byteOffset, byteLength } = values;
  return new Uint8Array(buffer, byteOffset, byteLength);
}

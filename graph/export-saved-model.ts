/**
 * Writes a function of tensors as a SavedModel for TensorFlow's other users (Python, TF Serving): its
 * variables frozen as constants, optimised, its inputs and outputs in a signature, all shapes static.
 */
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { GraphError } from './errors.ts';
import type { FunctionGraph, ValueType } from './graph.ts';
import { lowerNodes, shapeProto, type LoweringOptions } from './lower.ts';
import { freezeVariables } from './passes/freeze-variables.ts';
import { optimise, type Precision } from './passes/optimise.ts';
import { outputNodes, outputType } from './program-graph.ts';
import type { SignatureTensor } from './saved-model-schema.ts';
import { encodeChecked } from './size-limit.ts';
import { dtypeNumber, nodeBackend } from './tensorflow.ts';
import type { InputSpecs, NamedTensors, TensorFunction, TraceOptions } from './trace.ts';
import { trace } from './trace.ts';

/** What TF Serving calls a signature that maps tensors to tensors. */
const PREDICT = 'tensorflow/serving/predict';

export interface ExportOptions<Inputs extends InputSpecs> extends TraceOptions<Inputs> {
  /** Receives `saved_model.pb`; made if it is not there. */
  readonly folder: string;
  /** @default float32 */
  readonly precision?: Precision;
  /** Default `serving_default`, which TF Serving uses when a request names none. */
  readonly signatureName?: string;
}

/**
 * Traces `fn` and writes it with the values that its variables have now.
 *
 * @returns the graph, whose `inputs` and `outputs` are those of the signature
 * @throws GraphTooLargeError when constants and variables exceed 2 GB; GraphError when `fn` has updates;
 *   and what `compile` throws
 */
export function exportSavedModel<Inputs extends InputSpecs, Outputs extends NamedTensors>(
  fn: TensorFunction<Inputs, Outputs>,
  options: ExportOptions<Inputs>,
): FunctionGraph {
  const { folder, variables, precision, signatureName = 'serving_default' } = options;
  const traced = trace(fn, options);
  const updated = Object.keys(traced.updates);
  if (updated.length > 0) {
    throw new GraphError(
      `an exported function has no variables to update, but it updates ${updated.join(', ')}`,
      { updated },
    );
  }
  const graph = optimise(freezeVariables(traced, variables), precision);
  const signature = {
    inputs: signatureTensors(graph.inputs, (name) => name),
    outputs: signatureTensors(outputTypesByName(graph), (name) => `outputs/${name}`),
    method_name: PREDICT,
  };
  const bytes = encodeChecked({
    nodes: [...lowerNodes(graph, FROZEN), ...outputNodes('', graph)],
    signatures: { [signatureName]: signature },
    tensorflowVersion: nodeBackend().binding.TF_Version,
  });
  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'saved_model.pb');
  // A reader never sees half a model.
  writeFileSync(`${path}.partial`, bytes);
  renameSync(`${path}.partial`, path);
  return graph;
}

const FROZEN: LoweringOptions = {
  prefix: '',
  lowerVariable: ({ variable }) => {
    throw new GraphError(`variable "${variable}" was not frozen`, { variable });
  },
};

function outputTypesByName(graph: FunctionGraph): Readonly<Record<string, ValueType>> {
  const names = Object.keys(graph.outputs);
  return Object.fromEntries(names.map((name) => [name, outputType(graph, name)]));
}

function signatureTensors(
  types: Readonly<Record<string, ValueType>>,
  node: (name: string) => string,
): Readonly<Record<string, SignatureTensor>> {
  const tensors = Object.entries(types).map(([name, { dtype, shape }]) => {
    const tensor = {
      name: `${node(name)}:0`,
      dtype: dtypeNumber(dtype),
      tensor_shape: shapeProto(shape),
    };
    return [name, tensor] as const;
  });
  return Object.fromEntries(tensors);
}

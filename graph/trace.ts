/**
 * Runs a function of tensors once, on example values, and gives back what it did as plain data.
 *
 * The rules of a traced function: static shapes, no host read, no branch that depends on values, no
 * tensor from outside but inputs and declared variables, fresh randomness fed as an input (what
 * `tf.randomUniform` draws while tracing becomes a constant).
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import { GraphError, SignatureError, VariableMutationError } from './errors.ts';
import type { FunctionGraph, ValueRef, ValueType } from './graph.ts';
import { Recorder } from './recorder.ts';
import type { TensorInfo } from './tensorflow.ts';
import { nodeBackend } from './tensorflow.ts';

/** What one input of a compiled function looks like. */
export interface InputSpec {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'int32' | 'bool' | 'string';
  /** Values for the tracing run, if zeros would not do; borrowed. */
  readonly example?: tf.Tensor;
}

export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** Tensors by name: what a function is fed, and what it gives. */
export type NamedTensors<Names extends string = string> = Readonly<Record<Names, tf.Tensor>>;

export interface FunctionResult<Outputs extends NamedTensors> {
  readonly outputs: Outputs;
  /** New values of variables, all computed from the old ones. */
  readonly updates?: ReadonlyMap<tf.Variable, tf.Tensor>;
}

/** A function of named tensors; its variables are those it closes over. */
export type TensorFunction<Inputs extends InputSpecs, Outputs extends NamedTensors> = (
  inputs: NamedTensors<keyof Inputs & string>,
) => FunctionResult<Outputs>;

export interface TraceOptions<Inputs extends InputSpecs> {
  readonly inputs: Inputs;
  /** Every variable that the function reads or updates. */
  readonly variables: readonly tf.Variable[];
}

/** A name that TensorFlow takes for a node. */
const NODE_NAME = /^[A-Za-z0-9][A-Za-z0-9_]*$/;

export function trace<Inputs extends InputSpecs, Outputs extends NamedTensors>(
  fn: TensorFunction<Inputs, Outputs>,
  { inputs, variables }: TraceOptions<Inputs>,
): FunctionGraph {
  checkNames('input', Object.keys(inputs));
  tf.engine().startScope();
  try {
    const recorder = new Recorder(nodeBackend());
    const examples = Object.entries(inputs).map(([name, spec]) => {
      const tensor = exampleTensor(name, spec);
      recorder.bindInput(tensor, name, { dtype: spec.dtype, shape: [...spec.shape] });
      return [name, tensor] as const;
    });
    for (const variable of variables) {
      recorder.bindVariable(variable, variable.name, variableType(variable));
    }
    const { outputs, updates } = recorder.record(() => {
      const before = variables.map(({ dataId }) => dataId);
      const result = fn(Object.fromEntries(examples) as NamedTensors<keyof Inputs & string>);
      checkResult(result);
      checkUnchanged(variables, before);
      return placeResult(recorder, result, variables);
    });
    const types = examples.map(([name]) => [name, inputType(inputs, name)] as const);
    return { nodes: recorder.nodes, inputs: Object.fromEntries(types), outputs, updates };
  } finally {
    tf.engine().endScope();
  }
}

/** The type of a variable as the graph knows it. */
export function variableType({ name, dtype, shape }: tf.Variable): ValueType {
  if (dtype !== 'complex64') return { dtype, shape: [...shape] };
  throw new SignatureError(`variable "${name}" is complex64, which graphs do not hold`, { name });
}

function inputType(inputs: InputSpecs, name: string): ValueType {
  const spec = inputs[name];
  if (spec === undefined) throw new SignatureError(`there is no input "${name}"`, { name });
  return { dtype: spec.dtype, shape: [...spec.shape] };
}

function exampleTensor(name: string, { shape, dtype, example }: InputSpec): tf.Tensor {
  if (example === undefined) {
    return dtype === 'string' ? tf.fill([...shape], '', dtype) : tf.zeros([...shape], dtype);
  }
  if (example.dtype !== dtype || !tf.util.arraysEqual(example.shape, [...shape])) {
    throw new SignatureError(
      `the example of input "${name}" is ${example.dtype}[${example.shape.join(',')}], but the ` +
        `input is declared ${dtype}[${shape.join(',')}]`,
      { name },
    );
  }
  // A tensor of its own, so that two inputs with one example stay apart.
  return tf.tensor(example.dataSync(), [...shape], dtype);
}

function placeResult(
  recorder: Recorder,
  { outputs, updates = new Map<tf.Variable, tf.Tensor>() }: FunctionResult<NamedTensors>,
  variables: readonly tf.Variable[],
): Pick<FunctionGraph, 'outputs' | 'updates'> {
  checkNames('output', Object.keys(outputs));
  const place = (tensor: TensorInfo, role: string): ValueRef => recorder.refOf(tensor, role);
  const placed = Object.entries(outputs).map(
    ([name, tensor]) => [name, place(tensor, `output "${name}"`)] as const,
  );
  const updated = [...updates].map(([variable, value]) => {
    checkUpdate(variable, value, variables);
    return [variable.name, place(value, `the update of variable "${variable.name}"`)] as const;
  });
  return { outputs: Object.fromEntries(placed), updates: Object.fromEntries(updated) };
}

function checkUpdate(
  variable: tf.Variable,
  value: tf.Tensor,
  variables: readonly tf.Variable[],
): void {
  const { name, dtype, shape } = variable;
  if (!variables.includes(variable)) {
    throw new SignatureError(
      `the function updates variable "${name}", which is not among the declared variables; add it`,
      { name },
    );
  }
  if (value.dtype !== dtype || !tf.util.arraysEqual(value.shape, shape)) {
    throw new SignatureError(
      `the update of variable "${name}" is ${value.dtype}[${value.shape.join(',')}], but the ` +
        `variable is ${dtype}[${shape.join(',')}]`,
      { name },
    );
  }
}

function checkResult(result: unknown): void {
  if (result instanceof Promise) {
    // Its failure, if any, follows from what is reported here.
    result.catch(() => undefined);
    throw new GraphError('a compiled function must be synchronous, but it returned a promise');
  }
}

function checkUnchanged(variables: readonly tf.Variable[], before: readonly object[]): void {
  const changed = variables.find((variable, index) => variable.dataId !== before[index]);
  if (changed === undefined) return;
  throw new VariableMutationError(
    `the compiled function assigned variable "${changed.name}"; return its new value in "updates" ` +
      'instead, so that every call does it',
    { name: changed.name },
  );
}

function checkNames(role: string, names: readonly string[]): void {
  const bad = names.find((name) => !NODE_NAME.test(name));
  if (bad === undefined) return;
  throw new SignatureError(
    `"${bad}" is no ${role} name; use letters, digits and underscores, and no underscore first`,
    { name: bad },
  );
}

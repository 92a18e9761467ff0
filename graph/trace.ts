/**
 * Runs a function of tensors once, on tensors without values, and gives back what it did as plain data.
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
}

export type InputSpecs = Readonly<Record<string, InputSpec>>;

/** Tensors by name: what a function is fed, and what it gives. */
export type NamedTensors<Names extends string = string> = Readonly<Record<Names, tf.Tensor>>;

export interface FunctionResult<Outputs extends NamedTensors> {
  readonly outputs: Outputs;
  /** New values of variables, all computed from the old ones. */
  readonly updates?: ReadonlyMap<tf.Variable, tf.Tensor>;
  /** A bool scalar: no variable is updated in a call in which it is false. Always, when left out. */
  readonly guard?: tf.Tensor;
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
  checkApart(variables);
  const types = Object.entries(inputs).map(
    ([name, { dtype, shape }]) => [name, { dtype, shape: [...shape] }] as const,
  );
  const recorder = new Recorder(nodeBackend());
  tf.engine().startScope();
  try {
    const tensors = types.map(([name, type]) => [name, recorder.input(name, type)] as const);
    for (const variable of variables) {
      recorder.bindVariable(variable, variable.name, variableType(variable));
    }
    const placed = withVariablesKept(variables, () =>
      recorder.record(() => {
        const result = fn(Object.fromEntries(tensors) as NamedTensors<keyof Inputs & string>);
        checkResult(result);
        const places = placeResult(recorder, result, variables);
        disposeResult(result);
        return places;
      }),
    );
    return { nodes: recorder.nodes, inputs: Object.fromEntries(types), ...placed };
  } finally {
    tf.engine().endScope();
  }
}

/** A graph knows a variable by the value that it holds while the function is traced. */
function checkApart(variables: readonly tf.Variable[]): void {
  const holders = new Map<object, string>();
  for (const { name, dataId } of variables) {
    const other = holders.get(dataId);
    if (other !== undefined && other !== name) {
      throw new SignatureError(
        `the variables "${other}" and "${name}" hold one and the same tensor, so that what the function ` +
          'reads of them cannot be told apart; assign a copy to one of them',
        { variables: [other, name] },
      );
    }
    holders.set(dataId, name);
  }
}

/** The type of a variable as the graph knows it. */
export function variableType({ name, dtype, shape }: tf.Variable): ValueType {
  if (dtype !== 'complex64') return { dtype, shape: [...shape] };
  throw new SignatureError(`variable "${name}" is complex64, which graphs do not hold`, { name });
}

/** Runs `body`; a variable that it assigns gets its own value back and is reported. */
function withVariablesKept<Result>(variables: readonly tf.Variable[], body: () => Result): Result {
  const backend = nodeBackend();
  const before = variables.map(({ dataId }) => dataId);
  // A second reference to each value, so that an assignment does not free it.
  before.forEach((dataId) => backend.incRef(dataId));
  try {
    const result = body();
    const changed = variables.find((variable, index) => variable.dataId !== before[index]);
    if (changed === undefined) return result;
    throw new VariableMutationError(
      `the compiled function assigned variable "${changed.name}"; return its new value in ` +
        '"updates" instead, so that every call does it',
      { name: changed.name },
    );
  } finally {
    variables.forEach((variable, index) => {
      const dataId = before[index];
      if (dataId === undefined) return;
      if (variable.dataId === dataId) backend.disposeData(dataId);
      else variable.dataId = dataId;
    });
  }
}

function placeResult(
  recorder: Recorder,
  { outputs, updates = new Map<tf.Variable, tf.Tensor>(), guard }: FunctionResult<NamedTensors>,
  variables: readonly tf.Variable[],
): Pick<FunctionGraph, 'outputs' | 'updates' | 'guard'> {
  checkNames('output', Object.keys(outputs));
  const place = (tensor: TensorInfo, role: string): ValueRef => recorder.refOf(tensor, role);
  const placed = Object.entries(outputs).map(
    ([name, tensor]) => [name, place(tensor, `output "${name}"`)] as const,
  );
  const updated = [...updates].map(([variable, value]) => {
    checkUpdate(variable, value, variables);
    return [variable.name, place(value, `the update of variable "${variable.name}"`)] as const;
  });
  const result = { outputs: Object.fromEntries(placed), updates: Object.fromEntries(updated) };
  if (guard === undefined) return result;
  if (guard.dtype !== 'bool' || guard.rank !== 0) {
    throw new SignatureError(
      `the guard must be bool[], but it is ${guard.dtype}[${guard.shape.join(',')}]`,
      { dtype: guard.dtype, shape: guard.shape },
    );
  }
  return { ...result, guard: place(guard, 'the guard') };
}

/** The function may have kept its results out of its own scopes, since a caller would own them. */
function disposeResult({ outputs, updates, guard }: FunctionResult<NamedTensors>): void {
  const results = [...Object.values(outputs), ...(updates?.values() ?? []), guard];
  for (const tensor of results) if (!(tensor instanceof tf.Variable)) tensor?.dispose();
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

function checkNames(role: string, names: readonly string[]): void {
  const bad = names.find((name) => !NODE_NAME.test(name));
  if (bad === undefined) return;
  throw new SignatureError(
    `"${bad}" is no ${role} name; use letters, digits and underscores, and no underscore first`,
    { name: bad },
  );
}

/**
 * `compile`: the missing `tf.function` of TensorFlow.js on Node. A function of tensors is traced once and
 * then runs as one call into TensorFlow; its variables live in the session.
 *
 * ```ts
 * using step = compile(({ x, rate }) => {
 *   const { value, grads } = tf.variableGrads(() => loss(x), [w]);
 *   return { outputs: { loss: value }, updates: new Map([[w, w.sub(grads[w.name].mul(rate))]]) };
 * }, { inputs: { x: { shape: [8, 4], dtype: 'float32' }, rate: { shape: [], dtype: 'float32' } }, variables: [w] });
 * const { loss } = step.run({ x, rate });
 * ```
 */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import { version } from '@tensorflow/tfjs-node-gpu';
import { FeedError, SignatureError } from './errors.ts';
import type { FunctionGraph, ValueType } from './graph.ts';
import { cachedGraphs, type GraphCache, type ProgramSignature } from './graph-cache.ts';
import type { NamedGraphs } from './graph-file.ts';
import { optimise, type Precision } from './passes/optimise.ts';
import { describeType, sameType } from './graph.ts';
import type { ProgramVariable } from './program-graph.ts';
import { INITIALISED, programNodes, programVariable } from './program-graph.ts';
import { Session } from './session.ts';
import { dtypeNumber, nodeBackend } from './tensorflow.ts';
import type {
  FunctionResult,
  InputSpecs,
  NamedTensors,
  TensorFunction,
  TraceOptions,
} from './trace.ts';
import { trace, variableType } from './trace.ts';

/** The variables of a session. Values move between it and the `tf.Variable`s only when asked to. */
export interface SessionVariables extends Disposable {
  /** The variable's current value, owned by the caller. */
  read(variable: tf.Variable | string): tf.Tensor;
  /** Replaces the variable's value; `value` is borrowed. */
  write(variable: tf.Variable | string, value: tf.Tensor): void;
  /** Copies the session's values into the `tf.Variable`s: before a checkpoint, for eager code. */
  pull(): void;
  /** Copies the `tf.Variable`s' values into the session: after weights were loaded. */
  push(): void;
  /** Frees the `tf.Variable`s' own values until the next `pull`; to read one of them before is an error. */
  release(): void;
}

export interface CompiledFunction<
  Inputs extends string,
  Outputs extends string,
> extends SessionVariables {
  readonly graph: FunctionGraph;
  /** One call: `feeds` are borrowed, the results are owned by the caller. */
  run(feeds: NamedTensors<Inputs>): NamedTensors<Outputs>;
}

/** One function of a program; made by `define`. */
export interface Definition<Inputs extends InputSpecs, Outputs extends NamedTensors> {
  readonly inputs: Inputs;
  // A method, so that definitions with different inputs fit in one record of definitions.
  fn(inputs: NamedTensors<keyof Inputs & string>): FunctionResult<Outputs>;
}

export type Definitions = Readonly<Record<string, Definition<InputSpecs, NamedTensors>>>;

export type FeedsOf<D> =
  D extends Definition<infer Inputs, NamedTensors> ? NamedTensors<keyof Inputs & string> : never;
export type OutputsOf<D> =
  D extends Definition<InputSpecs, infer Outputs> ? NamedTensors<keyof Outputs & string> : never;

/** Several compiled functions over the same variables, such as a train step and a validation step. */
export interface CompiledProgram<D extends Definitions> extends SessionVariables {
  readonly graphs: Readonly<Record<keyof D, FunctionGraph>>;
  /** One call of the function `name`: `feeds` are borrowed, the results are owned by the caller. */
  run<Name extends keyof D & string>(name: Name, feeds: FeedsOf<D[Name]>): OutputsOf<D[Name]>;
}

export interface CompileOptions {
  /** Every variable that the functions read or update. */
  readonly variables: readonly tf.Variable[];
  /** @default float32 */
  readonly precision?: Precision;
  /** Where the traced functions are kept for the next process; nowhere when left out. */
  readonly cache?: GraphCache;
}

/** Ties a function to the shapes and dtypes of its inputs. */
export function define<Inputs extends InputSpecs, Outputs extends NamedTensors>(
  inputs: Inputs,
  fn: TensorFunction<Inputs, Outputs>,
): Definition<Inputs, Outputs> {
  return { inputs, fn };
}

/**
 * Traces `fn` and loads it as a graph whose variables start with the values they have now.
 *
 * @throws HostReadError, UntrackedTensorError, DynamicShapeError, VariableMutationError when `fn` breaks
 *   a rule of traced functions (see trace.ts); SessionError when TensorFlow refuses the graph
 */
export function compile<Inputs extends InputSpecs, Outputs extends NamedTensors>(
  fn: TensorFunction<Inputs, Outputs>,
  { inputs, ...options }: TraceOptions<Inputs> & CompileOptions,
): CompiledFunction<keyof Inputs & string, keyof Outputs & string> {
  const program = new Program({ main: define(inputs, fn) }, options);
  return {
    graph: program.graphs.main,
    run: (feeds) => program.call('main', feeds),
    read: (variable) => program.read(variable),
    write: (variable, value) => program.write(variable, value),
    pull: () => program.pull(),
    push: () => program.push(),
    release: () => program.release(),
    [Symbol.dispose]: () => program[Symbol.dispose](),
  };
}

/** Like `compile`, for several functions in one session. */
export function compileAll<D extends Definitions>(
  definitions: D,
  options: CompileOptions,
): CompiledProgram<D> {
  return new Program(definitions, options);
}

/** A native id that TensorFlow refuses; the backend frees ids from zero up only. */
const NO_VALUES = -2;

class Program<D extends Definitions> implements CompiledProgram<D> {
  readonly graphs: Readonly<Record<keyof D, FunctionGraph>>;
  readonly #session: Session;
  readonly #variables: ReadonlyMap<string, ProgramVariable & { readonly variable: tf.Variable }>;

  constructor(definitions: D, options: CompileOptions) {
    const { variables } = options;
    this.#variables = new Map(
      variables.map((variable, index) => {
        const { name } = variable;
        return [name, { ...programVariable(name, variableType(variable), index), variable }];
      }),
    );
    const graphs = programGraphs(definitions, options);
    this.graphs = graphs as Record<keyof D, FunctionGraph>;
    this.#session = new Session({
      nodes: programNodes(graphs, [...this.#variables.values()]),
      signatures: {},
      tensorflowVersion: nodeBackend().binding.TF_Version,
    });
    this.push();
  }

  run<Name extends keyof D & string>(name: Name, feeds: FeedsOf<D[Name]>): OutputsOf<D[Name]> {
    return this.call(name, feeds) as OutputsOf<D[Name]>;
  }

  call(name: keyof D & string, feeds: NamedTensors): NamedTensors {
    const graph = this.graphs[name];
    checkFeeds(graph, feeds);
    const outputs = Object.keys(graph.outputs);
    const fetches = outputs.map((output) => `${name}/outputs/${output}`);
    if (Object.keys(graph.updates).length > 0) fetches.push(`${name}/done`);
    const fed = Object.keys(graph.inputs).map(
      (input) => [`${name}/${input}`, feedOf(feeds, input)] as const,
    );
    const results = this.#session.run(new Map(fed), fetches);
    results.slice(outputs.length).forEach((done) => done.dispose());
    const named = outputs.map((output, index) => [output, results[index]] as const);
    return Object.fromEntries(named) as NamedTensors;
  }

  read(variable: tf.Variable | string): tf.Tensor {
    const { node, name } = this.#variable(variable);
    const [value] = this.#session.run(new Map(), [`${node}/read`]);
    if (value === undefined) throw new SignatureError(`variable "${name}" has no value`, { name });
    return value;
  }

  write(variable: tf.Variable | string, value: tf.Tensor): void {
    const { node, name, type } = this.#variable(variable);
    checkTensor(`the new value of variable "${name}"`, type, value);
    this.#runForEffect(new Map([[`${node}/value`, value]]), `${node}/written`);
  }

  pull(): void {
    const variables = [...this.#variables.values()];
    if (variables.length === 0) return;
    const reads = variables.map(({ node }) => `${node}/read`);
    this.#session.run(new Map(), reads).forEach((value, index) => {
      variables[index]?.variable.assign(value);
      value.dispose();
    });
  }

  push(): void {
    if (this.#variables.size === 0) return;
    const values = [...this.#variables.values()].map(
      ({ node, variable }) => [`${node}/value`, variable] as const,
    );
    this.#runForEffect(new Map(values), INITIALISED);
  }

  release(): void {
    const backend = nodeBackend();
    for (const { variable, type } of this.#variables.values()) {
      const dtype = dtypeNumber(type.dtype);
      const empty = backend.createOutputTensor({ id: NO_VALUES, shape: [...type.shape], dtype });
      variable.assign(empty);
      empty.dispose();
    }
  }

  [Symbol.dispose](): void {
    this.#session[Symbol.dispose]();
  }

  #runForEffect(feeds: ReadonlyMap<string, tf.Tensor>, fetch: string): void {
    this.#session.run(feeds, [fetch]).forEach((done) => done.dispose());
  }

  #variable(variable: tf.Variable | string): ProgramVariable & { readonly variable: tf.Variable } {
    const name = typeof variable === 'string' ? variable : variable.name;
    const found = this.#variables.get(name);
    if (found !== undefined) return found;
    throw new SignatureError(
      `variable "${name}" was not declared when the function was compiled; there are ` +
        `${this.#variables.size}: ${[...this.#variables.keys()].slice(0, 5).join(', ')} …`,
      { name },
    );
  }
}

function programGraphs(definitions: Definitions, options: CompileOptions): NamedGraphs {
  const { variables, precision = 'float32', cache } = options;
  const traced = (): NamedGraphs => {
    const graphs = Object.entries(definitions).map(([name, definition]) => {
      if (!/^[A-Za-z0-9]+$/.test(name) || name === 'variables') {
        throw new SignatureError(`"${name}" is no function name; use letters and digits`, { name });
      }
      const { inputs } = definition;
      const graph = trace((feeds) => definition.fn(feeds), { inputs, variables });
      return [name, optimise(graph, precision)] as const;
    });
    return Object.fromEntries(graphs);
  };
  if (cache === undefined) return traced();
  const names = variables.map(({ name }) => name);
  return cachedGraphs(cache, signatureOf(definitions, options), {
    variables: names,
    trace: traced,
  });
}

/** Everything by which a graph can differ that is to be seen without tracing. */
function signatureOf(definitions: Definitions, options: CompileOptions): ProgramSignature {
  const { variables, precision = 'float32' } = options;
  return {
    functions: Object.entries(definitions).map(([name, { inputs }]) => [
      name,
      Object.entries(inputs).map(([input, { dtype, shape }]) => [input, dtype, shape]),
    ]),
    variables: variables.map((variable) => [
      // A number is TensorFlow.js' own count of variables, and another one in the next process.
      /^\d+$/.test(variable.name) ? null : variable.name,
      variableType(variable),
    ]),
    precision,
    versions: [nodeBackend().binding.TF_Version, version.tfjs],
  };
}

function feedOf(feeds: NamedTensors, name: string): tf.Tensor {
  const tensor = feeds[name];
  if (tensor !== undefined) return tensor;
  throw new FeedError(`input "${name}" is missing; feed ${name} at each call`, { name });
}

function checkFeeds({ inputs }: FunctionGraph, feeds: NamedTensors): void {
  for (const [name, type] of Object.entries(inputs)) {
    checkTensor(`input "${name}"`, type, feedOf(feeds, name));
  }
  const unknown = Object.keys(feeds).find((name) => !(name in inputs));
  if (unknown === undefined) return;
  throw new FeedError(
    `there is no input "${unknown}"; the inputs are ${Object.keys(inputs).join(', ')}`,
    { name: unknown },
  );
}

function checkTensor(role: string, type: ValueType, tensor: tf.Tensor): void {
  const { dtype, shape } = tensor;
  if (tensor.isDisposed) throw new FeedError(`${role} is a disposed tensor`, { role });
  if (dtype !== 'complex64' && sameType(type, { dtype, shape })) return;
  throw new FeedError(
    `${role} must be ${describeType(type)}, but it is ${dtype}[${shape.join(',')}]; trace again for ` +
      'another shape, or cast',
    { role, expected: describeType(type), dtype, shape },
  );
}

/**
 * Listens to the node backend while a function runs once, and writes down each native op and each host
 * value that reaches TensorFlow. Every kernel of tfjs-node ends in `binding.executeOp`, so the record is
 * the TensorFlow graph.
 *
 * Source: the idea is JAX's tracing (autodidax, jax-js), at the level of native ops instead of a Tensor
 * subclass: gradients, fused kernels and library code are recorded without knowing of it.
 * No op is run: tensors of the trace have a type and a made-up native id below zero, which the backend
 * never hands to TensorFlow (it frees ids from zero up only).
 */
import type * as tf from '@tensorflow/tfjs-node-gpu';
import { atCallingLine, calledByKernel } from './calling-line.ts';
import { DynamicShapeError, HostReadError, UntrackedTensorError } from './errors.ts';
import type { Attribute, ConstantData, GraphNode, ValueRef, ValueType } from './graph.ts';
import { describeType } from './graph.ts';
import { opAttributes } from './op-attributes.ts';
import { hostValues, OutputTypes, zeros, type TypedInput } from './output-types.ts';
import type {
  Binding,
  HostValues,
  NodeBackend,
  OpAttribute,
  TensorInfo,
  TensorMetadata,
} from './tensorflow.ts';
import { dtypeNumber, dtypeOf, TRACING } from './tensorflow.ts';

/** Ops whose output shape depends on values, and what to do instead. */
const DYNAMIC_SHAPE_OPS: Readonly<Record<string, string>> = {
  Where: 'compute with a 0/1 mask, or pick a fixed number with tf.topk',
  Unique: 'compare all pairs instead',
  UniqueV2: 'compare all pairs instead',
  NonMaxSuppressionV3: 'use tf.image.nonMaxSuppressionPadded with padToMaxOutputSize',
  NonMaxSuppressionV4: 'pass padToMaxOutputSize = true',
  NonMaxSuppressionV5: 'use tf.image.nonMaxSuppressionPadded with padToMaxOutputSize',
};

/** A native tensor that has its place in the graph. */
interface Placed extends TypedInput {
  readonly ref: ValueRef;
}

/** A leaf that enters the graph when it is used first. */
interface Waiting extends TypedInput {
  readonly enter: () => ValueRef;
}

/** A tensor from outside the trace among those asked for last. */
interface Outside {
  readonly index: number;
  readonly type: string;
}

export class Recorder {
  readonly nodes: GraphNode[] = [];
  readonly #backend: NodeBackend;
  readonly #binding: Binding;
  readonly #outputTypes: OutputTypes;
  /** By native id, made up here or, for variables, a true one. */
  readonly #traced = new Map<number, Placed | Waiting>();
  /** Data that was made from host values inside the trace. */
  readonly #written = new WeakSet<object>();
  readonly #names = new Set<string>();
  readonly #nameCounts = new Map<string, number>();
  /** TensorFlow.js itself uses -1 for values that wait on the host. */
  #lastId = -1;
  #outside: Outside | undefined;
  /** A read whose error an ignored promise would swallow. */
  #failure: HostReadError | undefined;

  constructor(backend: NodeBackend) {
    this.#backend = backend;
    this.#binding = backend.binding;
    this.#outputTypes = new OutputTypes(backend.binding);
  }

  /** A tensor that stands for the input called `name`; it has no values. Call before `record`. */
  input(name: string, type: ValueType): tf.Tensor {
    this.#names.add(name);
    this.nodes.push({ kind: 'input', name, type });
    const id = this.#newId({ type, ref: { node: name, output: 0 } });
    const dtype = dtypeNumber(type.dtype);
    return this.#backend.createOutputTensor({ id, shape: [...type.shape], dtype });
  }

  /** Declares `tensor` to be the value of a variable; it enters the graph only if it is used. */
  bindVariable(tensor: TensorInfo, variable: string, type: ValueType): void {
    const enter = (): ValueRef => {
      const name = this.#uniqueName(`read_${variable.replace(/[^A-Za-z0-9_]/g, '_')}`);
      this.nodes.push({ kind: 'variable', name, variable, type });
      return { node: name, output: 0 };
    };
    this.#traced.set(this.#nativeId(tensor), { type, enter });
  }

  /** The place of `tensor` in the graph, inside `record`; `role` names it in the error. */
  refOf(tensor: TensorInfo, role: string): ValueRef {
    const [id = -1] = this.#trackedIds([tensor]);
    this.#throwIfOutside(({ type }) => `${role} is a ${type} tensor`);
    return this.#use(id).ref;
  }

  /** Runs `body` with the backend listening, and gives the backend back unchanged. */
  record<Result>(body: () => Result): Result {
    const backend = this.#backend;
    const move = backend.move.bind(backend);
    // Own properties shadow the prototype's methods until they are deleted.
    const overrides: Partial<NodeBackend> = {
      getInputTensorIds: (tensors) => this.#trackedIds(tensors),
      move: (dataId, values, shape, dtype, refCount) => {
        this.#written.add(dataId);
        move(dataId, values, shape, dtype, refCount);
      },
      readSync: (dataId) => {
        const values = this.#read(dataId);
        if (values instanceof HostReadError) throw values;
        return values;
      },
      read: (dataId) => {
        const values = this.#read(dataId);
        if (!(values instanceof HostReadError)) return Promise.resolve(values);
        this.#failure ??= values;
        return new Promise(() => undefined);
      },
    };
    Object.assign(backend, overrides);
    backend.binding = this.#listeningBinding();
    try {
      const result = body();
      if (this.#failure !== undefined) throw this.#failure;
      return result;
    } finally {
      backend.binding = this.#binding;
      for (const name of Object.keys(overrides)) Reflect.deleteProperty(backend, name);
    }
  }

  #listeningBinding(): Binding {
    const executeOp: Binding['executeOp'] = (op, attributes, inputs, outputs) =>
      this.#executeOp(op, attributes, inputs, outputs);
    const createTensor: Binding['createTensor'] = (shape, dtype, values) =>
      this.#createTensor(shape, dtype, values);
    return Object.create(this.#binding, {
      executeOp: { value: executeOp },
      createTensor: { value: createTensor },
      [TRACING]: { value: true },
    }) as Binding;
  }

  #createTensor(shape: number[], dtype: number, values: HostValues): number {
    const type: ValueType = { dtype: dtypeOf(dtype, 'a constant'), shape: [...shape] };
    const data = constantData(values);
    const enter = (): ValueRef => {
      const name = this.#uniqueName('const');
      this.nodes.push({ kind: 'constant', name, type, data });
      return { node: name, output: 0 };
    };
    return this.#newId({ type, data, enter });
  }

  #executeOp(
    op: string,
    native: readonly OpAttribute[],
    ids: readonly number[],
    outputCount: number,
  ): TensorMetadata[] {
    this.#throwIfOutside(({ type, index }) => `input ${index} of op ${op} is a ${type} tensor`);
    const inputs = ids.map((id) => this.#use(id));
    const inputTypes = inputs.map(({ type }) => type);
    const attributes = opAttributes(this.#binding, op, native, inputTypes);
    checkStaticShape(op, attributes);
    const outputs = this.#outputTypes.of({ op, native, attributes, inputs, outputCount });
    const name = this.#uniqueName(op);
    const refs = inputs.map(({ ref }) => ref);
    this.nodes.push({ kind: 'op', name, op, inputs: refs, attributes, outputs });
    return outputs.map((type, output) => {
      const id = this.#newId({ type, ref: { node: name, output } });
      return { id, shape: [...type.shape], dtype: dtypeNumber(type.dtype) };
    });
  }

  #newId(traced: Placed | Waiting): number {
    this.#lastId -= 1;
    this.#traced.set(this.#lastId, traced);
    return this.#lastId;
  }

  /** The native ids of tensors, uploading values that wait; notes the first tensor from outside. */
  #trackedIds(tensors: readonly TensorInfo[]): number[] {
    this.#outside = undefined;
    return tensors.map((tensor, index) => {
      const waiting = this.#backend.tensorMap.get(tensor.dataId).values !== null;
      const id = this.#nativeId(tensor);
      const inside = waiting ? this.#written.has(tensor.dataId) : this.#traced.has(id);
      if (!inside) this.#outside ??= { index, type: describeType(tensor) };
      return id;
    });
  }

  /** Uploads the tensor when its values wait on the host. */
  #nativeId(tensor: TensorInfo): number {
    const prototype = Object.getPrototypeOf(this.#backend) as NodeBackend;
    const [id] = prototype.getInputTensorIds.call(this.#backend, [tensor]);
    if (id === undefined) throw new UntrackedTensorError('a tensor has no native data');
    return id;
  }

  #use(id: number): Placed {
    const traced = this.#traced.get(id);
    if (traced === undefined) throw new UntrackedTensorError(`native tensor ${id} is not traced`);
    if ('ref' in traced) return traced;
    const { enter, ...typed } = traced;
    const placed = { ...typed, ref: enter() };
    this.#traced.set(id, placed);
    return placed;
  }

  #throwIfOutside(describe: (outside: Outside) => string): void {
    const outside = this.#outside;
    if (outside === undefined) return;
    this.#outside = undefined;
    throw new UntrackedTensorError(
      `${describe(outside)} that was made outside the compiled function${atCallingLine()}; declare ` +
        'it as an input or a variable, or make it inside from plain numbers',
      { ...outside },
    );
  }

  /** The values of a constant, which are the same in every call; others have none in a graph. */
  #read(dataId: object): HostValues | HostReadError {
    const { values, id } = this.#backend.tensorMap.get(dataId);
    if (values !== null && this.#written.has(dataId)) return values;
    const traced = this.#traced.get(id);
    if (traced?.data !== undefined) return hostValues(traced.type, traced.data);
    // GatherV2's kernel reads its indices to check their range, which TensorFlow does by itself.
    if (traced !== undefined && calledByKernel()) return zeros(traced.type);
    const node = traced !== undefined && 'ref' in traced ? traced.ref.node : 'a tensor';
    return new HostReadError(
      `the compiled function reads the values of ${node} on the host${atCallingLine()}, but while a ` +
        'graph is built there are none: return the tensor as an output, or compute with tensor ops',
      { node },
    );
  }

  #uniqueName(stem: string): string {
    for (;;) {
      const count = this.#nameCounts.get(stem) ?? 0;
      this.#nameCounts.set(stem, count + 1);
      const name = `${stem}_${count}`;
      if (this.#names.has(name)) continue;
      this.#names.add(name);
      return name;
    }
  }
}

function checkStaticShape(op: string, attributes: Readonly<Record<string, Attribute>>): void {
  const advice = DYNAMIC_SHAPE_OPS[op];
  if (advice === undefined || attributes['pad_to_max_output_size']?.value === true) return;
  throw new DynamicShapeError(
    `the shape of what op ${op} gives depends on values${atCallingLine()}, and a compiled function ` +
      `has static shapes; ${advice}`,
    { op },
  );
}

/** A copy, since the caller may write into its array later. */
function constantData(values: HostValues): ConstantData {
  if (ArrayBuffer.isView(values)) {
    const { buffer, byteOffset, byteLength } = values;
    return new Uint8Array(buffer, byteOffset, byteLength).slice();
  }
  return values.map((value) => value.slice());
}

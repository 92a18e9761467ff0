/**
 * The parts of tfjs-node's backend that a tracer and a session need and that its types keep private,
 * and TensorFlow's numbers for dtypes and attributes. Nothing else in the project looks in there.
 *
 * Source: tfjs-node 4.22 `nodejs_kernel_backend.ts`, `binding/tfjs_backend.cc`; TensorFlow `types.proto`.
 */
import * as tf from '@tensorflow/tfjs-node-gpu';
import type { DType } from './graph.ts';
import { GraphError, UnsupportedOpError } from './errors.ts';

/** Values as the addon takes them: typed arrays, or one element a string. */
export type HostValues =
  Float32Array | Int32Array | Uint8Array | BigInt64Array | readonly Uint8Array[];

export interface TensorMetadata {
  readonly id: number;
  readonly shape: number[];
  readonly dtype: number;
}

export interface OpAttribute {
  readonly name: string;
  readonly type: number;
  readonly value: unknown;
}

/** Set on a binding that writes ops down instead of running them. */
export const TRACING = Symbol('tracing');

/** The native addon. */
export interface Binding {
  readonly [TRACING]?: true;
  createTensor(shape: number[], dtype: number, values: HostValues): number;
  deleteTensor(id: number): void;
  /** A copy of the values. */
  tensorDataSync(id: number): HostValues;
  executeOp(
    op: string,
    attributes: readonly OpAttribute[],
    inputs: readonly number[],
    outputs: number,
  ): TensorMetadata[];
  loadSavedModel(folder: string, tags: string): number;
  deleteSavedModel(session: number): void;
  getNumOfSavedModels(): number;
  runSavedModel(
    session: number,
    inputs: readonly number[],
    inputNames: string,
    outputNames: string,
  ): TensorMetadata[];
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
  readonly TF_Version: string;
}

export interface TensorInfo {
  readonly dataId: object;
  readonly shape: readonly number[];
  readonly dtype: tf.DataType;
}

/** What the backend knows of a tensor's data; `values` wait to be uploaded when they are not null. */
interface TensorData {
  readonly id: number;
  readonly values: HostValues | null;
}

/** The node backend of TensorFlow.js, seen from inside. */
export interface NodeBackend {
  binding: Binding;
  readonly tensorMap: { get(dataId: object): TensorData };
  createOutputTensor(metadata: TensorMetadata): tf.Tensor;
  getInputTensorIds(tensors: readonly TensorInfo[]): number[];
  move(
    dataId: object,
    values: HostValues,
    shape: number[],
    dtype: tf.DataType,
    refCount: number,
  ): void;
  incRef(dataId: object): void;
  /** Gives one reference back; frees the data with the last. */
  disposeData(dataId: object): boolean;
  readSync(dataId: object): HostValues;
  read(dataId: object): Promise<HostValues>;
}

/** The active backend; throws when TensorFlow.js does not run on native TensorFlow. */
export function nodeBackend(): NodeBackend {
  const backend: unknown = tf.backend();
  if (!isNodeBackend(backend)) {
    throw new GraphError(
      `graphs need the native "tensorflow" backend, but "${tf.getBackend()}" is active; ` +
        'import @tensorflow/tfjs-node-gpu and do not call tf.setBackend',
      { backend: tf.getBackend() },
    );
  }
  return backend;
}

function isNodeBackend(backend: unknown): backend is NodeBackend {
  return typeof backend === 'object' && backend !== null && 'binding' in backend;
}

/** The numbers of `types.proto`. */
const DTYPE_NUMBERS: Readonly<Record<DType, number>> = {
  float32: 1,
  int32: 3,
  uint8: 4,
  string: 7,
  complex64: 8,
  bfloat16: 14,
  int64: 9,
  bool: 10,
};

const DTYPES = new Map<number, DType>(
  (Object.keys(DTYPE_NUMBERS) as DType[]).map((dtype) => [DTYPE_NUMBERS[dtype], dtype]),
);

export function dtypeNumber(dtype: DType): number {
  return DTYPE_NUMBERS[dtype];
}

/** The dtype with TensorFlow's number `number`; `where` names the op for the error. */
export function dtypeOf(number: number, where: string): DType {
  const dtype = DTYPES.get(number);
  if (dtype === undefined) {
    throw new UnsupportedOpError(
      `${where} has TensorFlow's dtype number ${number}, which graphs do not carry; ` +
        `they carry ${[...DTYPES.values()].join(', ')}`,
      { dtype: number },
    );
  }
  return dtype;
}

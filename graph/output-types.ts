/**
 * The output types of an op without its real inputs: by a rule where there is one, else by running the
 * op once on zeros (and the true values of the small constants that state shapes, axes and sizes), and
 * forgetting the result. A call of the same types is not run again, so that tracing costs a small part of
 * the function's own time and memory.
 */
import { branchTypes, CLOSED_FORMS, type TypedCall } from './closed-forms.ts';
import type { Attribute, ConstantData, ValueType } from './graph.ts';
import { describeType } from './graph.ts';
import type { Binding, HostValues, OpAttribute } from './tensorflow.ts';
import { dtypeNumber, dtypeOf } from './tensorflow.ts';

/** Shapes, axes and sizes have few elements; longer constants are values. */
const SMALL = 16;

export interface OpCall {
  readonly op: string;
  readonly native: readonly OpAttribute[];
  readonly attributes: Readonly<Record<string, Attribute>>;
  readonly inputs: readonly TypedInput[];
  readonly outputCount: number;
}

export interface TypedInput {
  readonly type: ValueType;
  /** The values of a constant. */
  readonly data?: ConstantData;
}

export class OutputTypes {
  readonly #binding: Binding;
  readonly #known = new Map<string, readonly ValueType[]>();

  constructor(binding: Binding) {
    this.#binding = binding;
  }

  of(call: OpCall): readonly ValueType[] {
    const inputs = call.inputs.map(smallOnly);
    const key = JSON.stringify([
      call.op,
      call.attributes,
      inputs.map(({ type, data }) => [describeType(type), data === undefined ? '' : hex(data)]),
    ]);
    let types = this.#known.get(key);
    if (types === undefined) {
      types = byRule(call, inputs) ?? this.#byRunning(call, inputs);
      this.#known.set(key, types);
    }
    return types;
  }

  #byRunning(call: OpCall, inputs: readonly TypedInput[]): readonly ValueType[] {
    const ids = inputs.map(({ type, data }) => {
      const values = data === undefined ? zeros(type) : hostValues(type, data);
      return this.#binding.createTensor([...type.shape], dtypeNumber(type.dtype), values);
    });
    try {
      return this.#binding
        .executeOp(call.op, call.native, ids, call.outputCount)
        .map(({ id, shape, dtype }) => {
          this.#binding.deleteTensor(id);
          return { dtype: dtypeOf(dtype, `op ${call.op}`), shape };
        });
    } finally {
      ids.forEach((id) => this.#binding.deleteTensor(id));
    }
  }
}

function byRule(call: OpCall, inputs: readonly TypedInput[]): readonly ValueType[] | undefined {
  const typed: TypedCall = {
    op: call.op,
    attributes: call.attributes,
    inputs: inputs.map(({ type }) => type),
    constants: inputs.map(({ type, data }) =>
      type.dtype === 'int32' && data instanceof Uint8Array
        ? [...new Int32Array(data.slice().buffer)]
        : undefined,
    ),
  };
  const type = CLOSED_FORMS.get(call.op)?.(typed);
  return type === undefined ? branchTypes(typed) : [type];
}

function smallOnly({ type, data }: TypedInput): TypedInput {
  const size = type.shape.reduce((product, axis) => product * axis, 1);
  return data === undefined || size > SMALL ? { type } : { type, data };
}

function hex(data: ConstantData): string {
  return data instanceof Uint8Array
    ? Buffer.from(data).toString('hex')
    : data.map((bytes) => Buffer.from(bytes).toString('hex')).join(',');
}

export function zeros(type: ValueType): HostValues {
  const size = type.shape.reduce((product, axis) => product * axis, 1);
  return type.dtype === 'string'
    ? Array.from({ length: size }, () => new Uint8Array())
    : hostValues(type, new Uint8Array(size * ELEMENT_BYTES[type.dtype]));
}

const ELEMENT_BYTES = {
  float32: 4,
  bfloat16: 2,
  int32: 4,
  int64: 8,
  bool: 1,
  uint8: 1,
  complex64: 8,
} as const;

/** Bytes as the typed array that the addon wants for a dtype. */
export function hostValues({ dtype }: ValueType, data: ConstantData): HostValues {
  if (!(data instanceof Uint8Array)) return data;
  switch (dtype) {
    case 'float32':
    case 'complex64':
      return new Float32Array(data.slice().buffer);
    case 'int32':
    case 'int64': // the addon takes an int64 as two int32
      return new Int32Array(data.slice().buffer);
    case 'bool':
    case 'uint8':
    case 'bfloat16':
    case 'string':
      return data;
    default:
      return dtype satisfies never;
  }
}

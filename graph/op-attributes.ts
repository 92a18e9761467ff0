/**
 * The attributes of a native call as plain data. Eager execution infers type attributes from the inputs
 * where a GraphDef must state them; the few that tfjs-node leaves out are completed here.
 */
import { UnsupportedOpError } from './errors.ts';
import type { Attribute, DType, ValueType } from './graph.ts';
import type { Binding, OpAttribute } from './tensorflow.ts';
import { dtypeOf } from './tensorflow.ts';

/** Attribute → number of the input whose dtype it states, for the ops that tfjs-node calls without. */
const INFERRED_TYPES: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  ExpandDims: { T: 0, Tdim: 1 },
};

export function opAttributes(
  binding: Binding,
  op: string,
  attributes: readonly OpAttribute[],
  inputs: readonly ValueType[],
): Readonly<Record<string, Attribute>> {
  const described: Record<string, Attribute> = {};
  for (const [name, input] of Object.entries(INFERRED_TYPES[op] ?? {})) {
    const dtype = inputs[input]?.dtype;
    if (dtype !== undefined) described[name] = { kind: 'type', value: dtype };
  }
  for (const attribute of attributes) {
    described[attribute.name] = describeAttribute(binding, op, attribute);
  }
  return described;
}

function describeAttribute(binding: Binding, op: string, attribute: OpAttribute): Attribute {
  const { name, type, value } = attribute;
  const where = `attribute ${name} of op ${op}`;
  const list = Array.isArray(value);
  switch (type) {
    case binding.TF_ATTR_INT:
      return list
        ? { kind: 'ints', value: value as number[] }
        : { kind: 'int', value: value as number };
    case binding.TF_ATTR_FLOAT:
      return list
        ? { kind: 'floats', value: value as number[] }
        : { kind: 'float', value: value as number };
    case binding.TF_ATTR_BOOL:
      return list
        ? { kind: 'bools', value: value as boolean[] }
        : { kind: 'bool', value: value as boolean };
    case binding.TF_ATTR_STRING:
      return list
        ? { kind: 'strings', value: value as string[] }
        : { kind: 'string', value: value as string };
    case binding.TF_ATTR_TYPE: {
      const named = (number: unknown): DType => dtypeOf(Number(number), where);
      return list
        ? { kind: 'types', value: value.map(named) }
        : { kind: 'type', value: named(value) };
    }
    case binding.TF_ATTR_SHAPE:
      return { kind: 'shape', value: value as number[] };
    default:
      throw new UnsupportedOpError(
        `${where} has attribute type number ${type}, which graphs do not carry`,
        { op, attribute: name, type },
      );
  }
}

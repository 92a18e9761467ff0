/** Attributes of a graph as the addon takes them: the way back of `op-attributes.ts`. */
import type { Attribute } from '../graph.ts';
import type { Binding, OpAttribute } from '../tensorflow.ts';
import { dtypeNumber } from '../tensorflow.ts';

export function nativeAttributes(
  binding: Binding,
  attributes: Readonly<Record<string, Attribute>>,
): readonly OpAttribute[] {
  return Object.entries(attributes).map(([name, attribute]) => ({
    name,
    ...nativeAttribute(binding, attribute),
  }));
}

function nativeAttribute(binding: Binding, attribute: Attribute): Omit<OpAttribute, 'name'> {
  const { kind, value } = attribute;
  switch (kind) {
    case 'int':
    case 'ints':
      return { type: binding.TF_ATTR_INT, value };
    case 'float':
    case 'floats':
      return { type: binding.TF_ATTR_FLOAT, value };
    case 'bool':
    case 'bools':
      return { type: binding.TF_ATTR_BOOL, value };
    case 'string':
    case 'strings':
      return { type: binding.TF_ATTR_STRING, value };
    case 'type':
      return { type: binding.TF_ATTR_TYPE, value: dtypeNumber(value) };
    case 'types':
      return { type: binding.TF_ATTR_TYPE, value: value.map(dtypeNumber) };
    case 'shape':
      return { type: binding.TF_ATTR_SHAPE, value };
    default:
      return kind satisfies never;
  }
}

/**
 * Lists of names as HDF5 attributes, in the way of Keras (engine/saving.py): fixed-length byte strings,
 * and numbered parts (`layer_names0`, `layer_names1`, …) where one attribute would exceed HDF5's limit.
 */
import type { Group } from 'h5wasm/node';

/** Largest attribute in bytes (`HDF5_OBJECT_HEADER_LIMIT` of Keras). */
const LIMIT = 64_512;

/** The names in the attribute, or in its numbered parts; undefined when there is neither. */
export function readNames(group: Group, attribute: string): string[] | undefined {
  const attributes = group.attrs;
  const whole = attributes[attribute];
  if (whole !== undefined) return strings(whole.value);
  const names: string[] = [];
  for (let part = 0; ; part++) {
    const next = attributes[`${attribute}${String(part)}`];
    if (next === undefined) return part === 0 ? undefined : names;
    names.push(...strings(next.value));
  }
}

/** An attribute of one name, of no name and of several read alike. */
function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

export function writeNames(group: Group, attribute: string, names: readonly string[]): void {
  // One byte more than the longest name leaves room for C's closing zero.
  const width = 1 + Math.max(...names.map((name) => Buffer.byteLength(name)));
  const perPart = Math.floor(LIMIT / width);
  if (names.length <= perPart) {
    group.create_attribute(attribute, [...names], [names.length], `A${String(width)}`);
    return;
  }
  for (let part = 0; part * perPart < names.length; part++) {
    const some = names.slice(part * perPart, (part + 1) * perPart);
    const name = `${attribute}${String(part)}`;
    group.create_attribute(name, some, [some.length], `A${String(width)}`);
  }
}

/** An augmentation in words, for the terminal and for captions. */
import type { Augmentation } from './operations.ts';

/**
 * One line an operation, children indented, e.g. `affine (p 0.5): rotate -15 to 15, scale 0.9 to 1.2`. Ranges
 * that do nothing are left out.
 */
export function describeAugmentation(spec: Augmentation): readonly string[] {
  const chance = spec.p === 1 ? '' : ` (p ${spec.p})`;
  if (!('children' in spec)) {
    const settings = Object.entries(spec).flatMap(([name, value]) => settingOf(name, value));
    return [`${spec.op}${chance}${settings.length === 0 ? '' : `: ${settings.join(', ')}`}`];
  }
  const lines = spec.children.flatMap(describeAugmentation).map((line) => `  ${line}`);
  return [`${headOf(spec)}${chance}:`, ...lines];
}

type Parent = Extract<Augmentation, { children: unknown }>;

function headOf(spec: Parent): string {
  switch (spec.op) {
    case 'sequence':
      return 'all of';
    case 'sometimes':
      return 'all or none of';
    case 'oneOf':
      return 'one of';
    case 'someOf': {
      const [least, most] = [spec.count[0], spec.count[1] ?? spec.children.length];
      return `${least === most ? least : `${least} to ${most}`} of`;
    }
  }
}

/** Ranges of one number that changes nothing, by option. */
const NEUTRAL: Readonly<Record<string, number>> = {
  scale: 1,
  shear: 0,
  rotate: 0,
  translatePercent: 0,
  add: 0,
  multiply: 1,
  hue: 0,
  saturation: 1,
};

function settingOf(name: string, value: unknown): readonly string[] {
  if (name === 'op' || name === 'p' || value === false) return [];
  if (value === true) return [name];
  if (!Array.isArray(value)) return [`${name} ${String(value)}`];
  if (name === 'k') return [`k ${value.join(', ')}`];
  const [least, most] = value as [number, number];
  if (least === most) return least === NEUTRAL[name] ? [] : [`${name} ${least}`];
  return [`${name} ${least} to ${most}`];
}

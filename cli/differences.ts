/** In which options trees of values differ. */
import { canonicalJson } from '../contracts/canonical-json.ts';
import { isTree } from '../maskrcnn/config-names.ts';

export interface Difference {
  /** E.g. `model.imageMaxDim`, `training.stages.0.epochs`. */
  readonly option: string;
  /** In the trees' order; `undefined` where a tree has none. */
  readonly values: readonly unknown[];
}

/** By the options' order in the first tree that has them. */
export function differences(trees: readonly unknown[]): Difference[] {
  const leaves = trees.map((tree) => new Map(leavesOf(tree, '')));
  const options = new Set(leaves.flatMap((leaf) => [...leaf.keys()]));
  return [...options].flatMap((option) => {
    const values = leaves.map((leaf) => leaf.get(option));
    const texts = new Set(values.map((value) => canonicalJson(value ?? null)));
    return texts.size > 1 ? [{ option, values }] : [];
  });
}

/** A value in few words: plain text as it is, all else as JSON, `–` for none. */
export function inWords(value: unknown): string {
  if (value === undefined || value === null) return '–';
  return typeof value === 'string' ? value : canonicalJson(value);
}

/** Cut to so many letters: a list of anchors fits a table, a whole augmentation does not. */
export const shortened = (text: string, letters: number): string =>
  text.length <= letters ? text : `${text.slice(0, letters - 1)}…`;

/** A list of plain values is one value: `[8, 16]` against `[8, 32]`, not `anchors.1`. */
function leavesOf(value: unknown, path: string): [string, unknown][] {
  const isList = Array.isArray(value) && value.some(isTree);
  if (!isTree(value) && !isList) return [[path, value]];
  return Object.entries(value as object).flatMap(([key, inner]) =>
    leavesOf(inner, path === '' ? key : `${path}.${key}`),
  );
}

/**
 * What became of a weight file in a model: told in full, since a weight that was silently left at its
 * first value looks like bad training.
 */
import { nearest } from '../../wording/nearest.ts';
import { WeightsMismatchError } from '../errors.ts';
import type { ParameterSpec } from '../parameters.ts';
import type { StoredLayer, StoredWeight } from './keras-h5.ts';

export interface Mismatch {
  readonly name: string;
  readonly expected: readonly number[];
  readonly found: readonly number[];
}

/** Names are those of the parameters (`layer/weight`), but for `unused` and `ignored`, the file's. */
export interface LoadReport {
  readonly loaded: readonly string[];
  /** Left as they were because they were asked to be. */
  readonly excluded: readonly string[];
  /** Neither excluded nor in the file; left as they were. */
  readonly missing: readonly string[];
  /** In the file, but not in the model. */
  readonly unused: readonly string[];
  /** In the file, but no weights: the anchors that forks of Matterport's library keep as a variable. */
  readonly ignored: readonly string[];
  /** In both, in different shapes; left as they were. */
  readonly mismatched: readonly Mismatch[];
  /** For a layer that is missing: the unused layer of its shapes that is named most like it. */
  readonly resembling: Readonly<Record<string, string>>;
}

export interface Pair {
  readonly spec: ParameterSpec;
  readonly weight: StoredWeight;
}

export interface Outcome {
  readonly wanted: readonly ParameterSpec[];
  readonly excluded: readonly ParameterSpec[];
  /** Wanted or excluded. */
  readonly pairs: readonly Pair[];
  /** The file's layers, without those that were excluded by their name. */
  readonly layers: readonly StoredLayer[];
}

export const fits = ({ spec, weight }: Pair): boolean => sameShape(spec.shape, weight.shape);

export function reportOf({ wanted, excluded, pairs, layers }: Outcome): LoadReport {
  const isWanted = new Set(wanted);
  const found = pairs.filter(({ spec }) => isWanted.has(spec));
  const specs = new Set(found.map(({ spec }) => spec));
  const weights = new Set(pairs.map(({ weight }) => weight));
  const missing = wanted.filter((spec) => !specs.has(spec));
  const unused = layers
    .map(({ layer, weights: all }) => ({ layer, weights: all.filter((one) => !weights.has(one)) }))
    .filter((layer) => layer.weights.length > 0);
  return {
    loaded: found.filter(fits).map(({ spec }) => spec.name),
    excluded: excluded.map(({ name }) => name),
    missing: missing.map(({ name }) => name),
    unused: unused.filter(({ layer }) => layer !== 'anchors').flatMap(namesOf),
    ignored: unused.filter(({ layer }) => layer === 'anchors').flatMap(namesOf),
    mismatched: found
      .filter((pair) => !fits(pair))
      .map(({ spec, weight }) => ({
        name: spec.name,
        expected: spec.shape,
        found: weight.shape,
      })),
    resembling: resemblances(missing, unused),
  };
}

const namesOf = ({ layer, weights }: StoredLayer): string[] =>
  weights.map(({ name }) => (name.startsWith(`${layer}/`) ? name : `${layer}/${name}`));

function resemblances(
  missing: readonly ParameterSpec[],
  unused: readonly StoredLayer[],
): Record<string, string> {
  const layers = [...new Set(missing.map(({ layer }) => layer))];
  return Object.fromEntries(
    layers.flatMap((layer) => {
      const shapes = missing.filter((spec) => spec.layer === layer).map(({ shape }) => shape);
      const alike = unused.filter(
        ({ weights }) =>
          weights.length === shapes.length &&
          weights.every(({ shape }, index) => sameShape(shape, shapes[index] ?? [])),
      );
      const near = nearest(
        layer,
        alike.map((one) => one.layer),
      );
      return near === undefined ? [] : [[layer, near]];
    }),
  );
}

/** All that a person should know of a report, in one sentence; every name is in it. */
export function describeLoad(report: LoadReport): string {
  const { loaded, missing, mismatched, excluded } = report;
  const all = loaded.length + missing.length + mismatched.length + excluded.length;
  const notes = [
    ...(excluded.length === 0
      ? []
      : [`${String(excluded.length)} are excluded: ${byLayer(excluded)}`]),
    ...problemsOf(report),
    ...(report.ignored.length === 0
      ? []
      : [`${report.ignored.join(', ')} is ignored, since anchors follow from the config`]),
  ];
  return [`${String(loaded.length)} of ${String(all)} weights are from the file`, ...notes].join(
    '; ',
  );
}

/**
 * @throws WeightsMismatchError when nothing was loaded; with `strict` when anything is missing, not used or
 *   of another shape. It names all of them.
 */
export function requireFit(path: string, report: LoadReport, strict: boolean): void {
  const { loaded, missing, unused, mismatched } = report;
  const problems = problemsOf(report);
  if (loaded.length > 0 && !(strict && problems.length > 0)) return;
  const nothing = loaded.length === 0 ? ['it holds no weight of this model'] : [];
  throw new WeightsMismatchError(path, [...nothing, ...problems].join('; '), {
    missing,
    unused,
    mismatched,
  });
}

function problemsOf({ missing, unused, mismatched, resembling }: LoadReport): string[] {
  const shapes = mismatched.map(
    ({ name, expected, found }) =>
      `${name} is [${found.join(', ')}] and not [${expected.join(', ')}]`,
  );
  const near = Object.entries(resembling).map(([layer, other]) => `${other} for ${layer}`);
  return [
    ...(missing.length === 0 ? [] : [`${counted(missing, 'missing')}: ${byLayer(missing)}`]),
    ...(near.length === 0 ? [] : [`the file may mean ${near.join(', ')}`]),
    ...(shapes.length === 0
      ? []
      : [`${counted(shapes, 'of another shape')}: ${shapes.join(', ')}`]),
    ...(unused.length === 0 ? [] : [`${counted(unused, 'not used')}: ${byLayer(unused)}`]),
  ];
}

const counted = ({ length }: { readonly length: number }, what: string): string =>
  `${String(length)} ${length === 1 ? 'is' : 'are'} ${what}`;

/** `conv1/kernel`, `conv1/bias` → `conv1 (kernel, bias)`. */
function byLayer(names: readonly string[]): string {
  const layers = new Map<string, string[]>();
  for (const name of names) {
    const slash = name.lastIndexOf('/');
    const layer = name.slice(0, slash);
    layers.set(layer, [...(layers.get(layer) ?? []), name.slice(slash + 1)]);
  }
  return [...layers].map(([layer, weights]) => `${layer} (${weights.join(', ')})`).join(', ');
}

const sameShape = (a: readonly number[], b: readonly number[]): boolean =>
  a.length === b.length && a.every((size, axis) => size === b[axis]);

/** Two versions side by side: in which options, scores and sources they differ. Pure. */
import type { Scores } from '../../contracts/references.ts';
import type { ResolvedVersion } from '../../storage/model-registry.ts';
import type { Palette } from '../colours.ts';
import { differences, inWords, type Difference } from '../differences.ts';
import { scoreRows } from '../render-run.ts';
import { textTable } from '../text-table.ts';
import { lineageLinks } from './render-models.ts';

export interface VersionDiff {
  readonly versions: readonly [DiffedVersion, DiffedVersion];
  /** Scored on the same images? Only then do the scores compare. */
  readonly isSameSplit: boolean;
  /** The model's options. */
  readonly options: readonly Difference[];
  /** Sources whose hashes differ, e.g. `images`, `code`. */
  readonly sources: readonly {
    readonly what: string;
    readonly hashes: readonly [string, string];
  }[];
}

interface DiffedVersion {
  readonly model: string;
  readonly version: number;
  readonly scores: Scores;
}

export function diffVersions(a: ResolvedVersion, b: ResolvedVersion): VersionDiff {
  const [ours, theirs] = [lineageLinks(a.manifest.lineage), lineageLinks(b.manifest.lineage)];
  const named = ({ ref: { model, version }, manifest: { scores } }: ResolvedVersion) => ({
    ...{ model, version, scores },
  });
  return {
    versions: [named(a), named(b)],
    isSameSplit: a.manifest.lineage.split.hash === b.manifest.lineage.split.hash,
    options: differences([a.manifest.config, b.manifest.config]),
    sources: ours.flatMap(([what, , hash], at) => {
      const other = theirs[at]?.[2] ?? '';
      return hash === other ? [] : [{ what, hashes: [hash, other] as const }];
    }),
  };
}

export function renderVersionDiff(diff: VersionDiff, palette: Palette): string[] {
  const { versions, isSameSplit, options, sources } = diff;
  const [a, b] = versions;
  const titles = versions.map(({ model, version }) => ({
    title: `${model}@${String(version)}`,
    isNumber: true,
  }));
  const scores = scoreRows.map(([name, of]) => {
    const [before, after] = [of(a.scores), of(b.scores)];
    return [name, before.toFixed(4), after.toFixed(4), change(after - before, palette)];
  });
  const table = (title: string, rows: readonly (readonly string[])[]) =>
    textTable({ columns: [{ title }, ...titles], rows, palette });
  return [
    ...textTable({
      columns: [{ title: 'scores' }, ...titles, { title: 'change', isNumber: true }],
      rows: scores,
      palette,
    }),
    ...(isSameSplit
      ? []
      : [palette.yellow('Scored on different splits: their scores do not compare.')]),
    '',
    ...(options.length === 0
      ? ["The model's options are the same."]
      : table(
          'options that differ',
          options.map(({ option, values }) => [option, ...values.map(inWords)]),
        )),
    '',
    ...(sources.length === 0
      ? ['They come from the same sources.']
      : table(
          'sources that differ',
          sources.map(({ what, hashes }) => [what, ...hashes.map((hash) => hash.slice(0, 16))]),
        )),
  ];
}

function change(by: number, palette: Palette): string {
  const text = `${by < 0 ? '' : '+'}${by.toFixed(4)}`;
  if (Number(by.toFixed(4)) === 0) return palette.dim('same');
  return by > 0 ? palette.green(text) : palette.red(text);
}

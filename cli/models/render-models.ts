/** Versions as a table, and one version as a page of lines. Pure. */
import type { Alias, ModelVersionManifest } from '../../contracts/manifests.ts';
import { maskRcnnConfigSchema } from '../../maskrcnn/config.ts';
import { moment } from '../../report/run-page/words.ts';
import type { ResolvedVersion } from '../../storage/model-registry.ts';
import type { Palette } from '../colours.ts';
import { differences, inWords } from '../differences.ts';
import { renderScores } from '../render-run.ts';
import { textTable } from '../text-table.ts';
import { inBytes } from '../words.ts';
import type { CatalogueEntry } from './catalogue.ts';

export function renderCatalogue(entries: readonly CatalogueEntry[], palette: Palette): string[] {
  const rows = entries.map(({ model, version, aliases, facts, problem }) => [
    model,
    String(version),
    palette.green(aliases.join(', ')),
    ...(facts === undefined
      ? ['', '', '', '', palette.red(problem ?? '')]
      : [
          facts.scores.thresholdJaccard.toFixed(4),
          facts.scores.jaccard.toFixed(4),
          facts.splitHash.slice(0, 8),
          moment(new Date(facts.createdAt)),
          facts.runId,
        ]),
  ]);
  const columns = [
    { title: 'model' },
    { title: 'version', isNumber: true },
    { title: 'aliases' },
    { title: 'threshold Jaccard', isNumber: true },
    { title: 'Jaccard', isNumber: true },
    { title: 'split' },
    { title: 'published' },
    { title: 'run' },
  ];
  const splits = new Set(entries.flatMap(({ facts }) => facts?.splitHash ?? []));
  return [
    ...textTable({ columns, rows, palette }),
    ...(splits.size > 1 ? ['', 'Scores compare only where the split is the same.'] : []),
  ];
}

export interface ShownVersion {
  readonly resolved: ResolvedVersion;
  /** Those of the model. */
  readonly aliases: readonly Alias[];
}

export function renderVersion({ resolved, aliases }: ShownVersion, palette: Palette): string[] {
  const { ref, manifest } = resolved;
  const naming = aliases.filter(({ version }) => version === ref.version);
  const files = [manifest.weights, ...manifest.savedModel, manifest.modelCard];
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    `${palette.bold(`${ref.model} version ${String(ref.version)}`)}, published ${moment(new Date(manifest.createdAt))}`,
    naming.length === 0
      ? 'No alias names it.'
      : `Named by ${naming.map(({ alias }) => palette.green(alias)).join(', ')}.`,
    ...naming.flatMap(turnOf),
    '',
    `Scores on ${String(manifest.lineage.evaluation.images)} validation images:`,
    ...renderScores(manifest.scores),
    '',
    `Files: ${inBytes(bytes)} in ${String(files.length)}, of which the weights ${inBytes(manifest.weights.bytes)}`,
    `Classes: ${manifest.classNames.slice(1).join(', ')}`,
    "Options that differ from Matterport's defaults:",
    ...optionsOf(manifest).map((line) => `  ${line}`),
    '',
    'Lineage, by the SHA-256 of the contents:',
    ...renderLineage(manifest.lineage, palette).map((line) => `  ${line}`),
  ];
}

/** Why the alias names it. */
function turnOf({ alias, history }: Alias): string[] {
  const [turn] = history;
  if (turn === undefined) return [];
  const who = turn.by === null ? 'the gate' : turn.by;
  return [`  ${alias} since ${moment(new Date(turn.at))}, by ${who}: ${turn.reason}`];
}

/** Those that differ from Matterport's defaults. */
export function optionsOf({ config }: Pick<ModelVersionManifest, 'config'>): string[] {
  const options = differences([maskRcnnConfigSchema.parse({}), config]);
  return options.map(({ option, values }) => `${option}: ${inWords(values[1])}`);
}

type Lineage = ModelVersionManifest['lineage'];

/** From the archives to the version: what, which, and its hash; of a run under way as far as it has come. */
export function lineageLinks(
  lineage: Partial<Lineage>,
): readonly (readonly [what: string, which: string, hash: string])[] {
  const { archives, dataset, split, records, checkpoint, evaluation, configHash, codeHash } =
    lineage;
  const link = (what: string, which: string, hash: string | undefined) =>
    hash === undefined ? [] : [[what, which, hash] as const];
  return [
    ...link('images', 'archive', archives?.images),
    ...link('masks', 'archive', archives?.masks),
    ...link('data set', `${dataset?.name ?? ''}, ${String(dataset?.pairs)} pairs`, dataset?.hash),
    ...link(
      'split',
      `${String(split?.training)} + ${String(split?.validation)} pairs`,
      split?.hash,
    ),
    ...link('records', `${String(records?.records)} at ${String(records?.size)} px`, records?.hash),
    ...link('recipe', 'all options', configHash),
    ...link('code', 'of the trainer', codeHash),
    ...link(
      'checkpoint',
      `stage ${checkpoint?.stage ?? ''}, epoch ${String(checkpoint?.epoch)}`,
      checkpoint?.hash,
    ),
    ...link('evaluation', `${String(evaluation?.images)} images`, evaluation?.hash),
  ];
}

export function renderLineage(lineage: Partial<Lineage>, palette: Palette): string[] {
  const columns = [{ title: 'what' }, { title: 'which' }, { title: 'SHA-256' }];
  const links = lineageLinks(lineage);
  if (links.length === 0) return ['nothing is stored yet'];
  return textTable({
    columns,
    rows: [...links, ['run', lineage.runId ?? '', ''] as const],
    palette,
  });
}
